import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.model.identity import canonical_json, derive_seed, digest_bytes, digest_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_digest_of_bytes_is_the_published_sha256_of_abc() -> None:
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_bytes(b"abc") == expected


def test_canonical_json_sorts_keys_and_drops_white_space() -> None:
    assert canonical_json({"b": 1, "a": [1.5, None, "é"]}) == '{"a":[1.5,null,"é"],"b":1}'.encode()


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_identity_does_not_depend_on_key_order(value: dict[str, object]) -> None:
    assert digest_json(value) == digest_json(dict(reversed(value.items())))


def test_identity_is_the_same_in_another_process() -> None:
    value = {"z": [1, 2.25, "ü"], "a": {"c": True, "b": None}}
    code = f"from escalation.model.identity import digest_json; print(digest_json({value!r}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest_json(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


@given(st.integers(0, 2**32 - 1), st.text(max_size=5), st.text(max_size=5))
def test_derived_seeds_fit_in_32_bits_and_differ_by_label(seed: int, one: str, other: str) -> None:
    assert 0 <= derive_seed(seed, one) < 2**32
    assert (derive_seed(seed, one) == derive_seed(seed, other)) == (one == other)
