"""Checks an export of Tierwise with nothing but Python 3.9 or newer: python3 verify.py DIR [--key PEM]
Exit code 0: all fits; 1: a line on each thing that does not; 2: nothing to be read, or asked another way. Take this file
from where you trust it. Without --key it checks the signature with the key in the export, and damage alone is found."""
import base64, functools, hashlib, json, os, pathlib, re, stat, sys
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of RFC 8032, section 5.1
D, ROOT, DER = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P), bytes.fromhex("302a300506032b6570032100")
GENESIS, MONEY, MOST = (0, "0" * 64), ("budget", "limit", "approval"), 2**34  # MOST: bytes of all files together
MORE = "That README.md, ro-crate-metadata.json, rungs.json, mlflow.json say what the records say is not looked at here: `tierwise verify` does"
SIGNATURE = ["signature/statement.dsse.json", "signature/statement.pae", "signature/key.pem", "signature/statement.sig"]
STORED, MANIFESTS = re.compile("data/store/[0-9a-f]{64}").fullmatch, ["manifest-sha256.txt", "tagmanifest-sha256.txt"]
ORDER = {"at_least": float.__ge__, "at_most": float.__le__, "above": float.__gt__, "below": float.__lt__}
FLOOR = [(f"floor_{name}", {"fact": fact, how: limit}) for name, fact, how, limit in (
    ("hardware", "site.hardware_allowed", "equals", True), ("data_class", "problem.data_may_leave_site", "equals", True),
    ("limit", "site.limit_usd", "at_least", 0), ("approval", "quote.usd", "at_most", {"fact": "site.unasked_usd"}), ("price", "quote.usd", "at_most", {"fact": "budget.usd_left"}))]
NEEDS = {"opened": None, "closed": "running", "asked": None, "granted": "asked", "denied": "asked", "used": "granted"}
def sha(data): return hashlib.sha256(data).hexdigest()
def lines(data): return [json.loads(line) for line in data.decode().split("\n")[:-1]]
def plain(data): return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def point(text):  # of the curve, from its 32 bytes
    y = int.from_bytes(text, "little") & 2**255 - 1; x = pow(square := (y * y - 1) * pow(D * y * y + 1, -1, P) % P, (P + 3) // 8, P); x = x if x * x % P == square else x * ROOT % P
    if y >= P or x * x % P != square: raise ValueError("no point of the curve")
    return (P - x if x & 1 != text[31] >> 7 else x), y
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def add(one, two): (a, b), (c, d), k = one, two, D * one[0] * one[1] * two[0] * two[1] % P; return (a * d + b * c) * pow(1 + k, -1, P) % P, (b * d + a * c) * pow(1 - k, -1, P) % P
def times(number, at): return functools.reduce(lambda sum, bit: add(add(sum, sum), at) if bit == "1" else add(sum, sum), bin(number)[2:], (0, 1))
def signs(key, message, signature):  # RFC 8032, section 5.1.7
    s, h = (int.from_bytes(each, "little") for each in (signature[32:], hashlib.sha512(signature[:32] + key + message).digest()))
    return len(signature) == 64 and s < L and times(s, BASE) == add(point(signature[:32]), times(h % L, point(key)))
def differ(said, there):  # a line on each file that is not there as it is said to be; both: digests by path
    how = {path: "was changed" if path in said and path in there else "was added" if path in there else "is missing" for path in {*said, *there}}
    return [f"{path} {how[path]}" for path in sorted(how) if said.get(path) != there.get(path)]
def bag(files, key):  # every byte against the manifests, these against the signature; each is written in one way only
    are = {path: sha(data) for path, data in files.items()}
    if lost := [path for path in (*SIGNATURE, *MANIFESTS) if path not in files]: return (yield f"{', '.join(lost)} is missing")
    for name, inside in zip(MANIFESTS, (True, False)):
        there = {path: are[path] for path in sorted(are) if path != MANIFESTS[1] and path.startswith("data/") == inside}
        said, exact = files[name].decode().split("\n")[:-1], "".join(f"{there[path]}  {path}\n" for path in there).encode()
        yield from differ(dict(line.partition("  ")[::-2] for line in said), there) or [f"{name} was changed"] * (files[name] != exact)
    *written, sig = (files[path] for path in SIGNATURE); text = base64.b64decode(json.loads(written[0])["payload"]); signatures = [{"keyid": sha(DER + key), "sig": base64.b64encode(sig).decode()}]
    envelope = {"payload": base64.b64encode(text).decode(), "payloadType": "application/vnd.in-toto+json", "signatures": signatures}
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(text), text); pem = b"-----BEGIN PUBLIC KEY-----\n%b\n-----END PUBLIC KEY-----\n" % base64.b64encode(DER + key)
    if written != [plain(envelope), message, pem] or not signs(key, message, sig): yield f"signature: is not that of key {sha(DER + key)}"
    said = {each["name"]: each["digest"]["sha256"] for each in json.loads(text)["subject"]}
    yield from differ(said, {path: are[path] for path in are if path[:5] != "data/" and path not in (*SIGNATURE, MANIFESTS[1])})
def ledger(files, events):  # events against their hashes, rows against their events, the chain against a checkpoint
    heads, seals, hashes, found, file = {}, {}, {}, [], "data/ledger/{}.jsonl".format; texts, chains = files[file("events")].split(b"\n"), lines(files[file("chain")])
    if len(texts) != len(chains) + 1: yield "ledger: events are missing"
    for text, (chain, digest) in zip(texts[:-1], chains):
        events.append(event := json.loads(text)); case, number, (last, before) = event["case_id"], event["number"], heads.get(chain, GENESIS)
        belongs = chain in ("/money" if event["kind"].split(".")[0] in MONEY else case, "/closed")
        fits = sha(text) == digest and belongs and (number == last + 1 and event["previous"] == before or chain != case and number > last)
        fits = fits and (chain != "/money" or event["body"]["case"] == [*heads.get(case, GENESIS)])
        if row := event["body"].get("row"): fits = fits and (chain == "/closed" or row["before"] == seals.get((row["table"], *row["key"]))); seals[(row["table"], *row["key"])] = row["digest"]
        if not fits: yield f"ledger: event {number} of {chain} is not what followed event {last}"
        heads[chain], hashes[chain, number] = (number, digest), digest
    for table in (path[17:-6] for path in files if path.startswith("data/ledger/rows/")):
        rows, said = lines(files[file(f"rows/{table}")]), json.loads(files[f"data/{table}.json"]); found += [(sha(text), table) for text in files[file(f"rows/{table}")].split(b"\n")[:-1]]
        read = [{n: x if x == row.get(n) else plain(x).decode() for n, x in each.items()} for each, row in zip(said, rows)] + said[len(rows):]
        if read != rows: yield f"data/{table}.json: the rows say another thing"
    found += [(row["sha256"], row["table"]) for row in lines(files.get(file("withheld"), b""))]; there = {*found}
    for row in (" ".join(map(str, name)) for name in seals if (seals[name], name[0]) not in there): yield f"ledger: the row {row} is not as its last event left it"
    if len(found) != len(seals): yield f"ledger: expected {len(seals)} rows, one for each that events sealed, got {len(found)}"
    if len(proofs := lines(files.get(file("proof"), b""))) != 1: yield "data/ledger/proof.jsonl: expected the proof that a checkpoint has this chain"
    for proof in proofs:  # RFC 9162, section 2.1
        node, leaf = hashlib.sha256(b"\0" + plain(proof["leaf"])).digest(), proof["leaf"]
        for sides in proof["path"]: node = hashlib.sha256(b"\1" + node.join(map(bytes.fromhex, sides))).digest()
        said = [sha(proof["checkpoint"].encode()), json.loads(proof["checkpoint"])["body"]["root"]]
        if [*said, leaf["hash"]] != [proof["hash"], node.hex(), hashes.get((leaf["chain"], leaf["number"]))]: yield "ledger: the checkpoint does not have this chain"
def history(events):  # whether what happened can have happened: nothing without what it needs before it
    states, used, made = {}, set(), 0
    for event in events:
        (what, verb), body, kind = event["kind"].split(".", 1), event["body"], event["kind"]; work = body.get("attempt"), body.get("ordinal"); was = states.get(thing := (what, body.get("approval_id") or work))
        now = body["changed"].get("state", was) if what == "handoff" and verb != "wanted" else verb
        if what == "case": now = {"opened": "running", "resumed": "running", "closed": body.get("status")}.get(verb, was)
        fits = was == NEEDS.get(verb, was) == (body.get("from") if what == "handoff" else body.get("was", was))
        if what in ("decision", "attempt"): fits, made = (what, body["number"]) == (("decision", "attempt")[made % 2], made // 2), made + 1
        elif now == "authorised" and was in ("frozen", "asked"): fits = fits and states.get(("budget", work)) == "reserved" and (was == "frozen" or work in used)
        elif kind == "budget.spent": fits = states.get(("handoff", work), "done") in ("settled", "done", "cancelled")
        states[thing], used = now, used | {work} if kind == "approval.used" else used - {work} if now == "authorised" else used
        if not fits: yield f"history: {kind} {work} (event {event['number']}) cannot have happened then"
def met(when, facts):  # whether a condition is known to be met
    if "fact" not in when: return (all if "all" in when else any)([met(part, facts) for part in when.get("all") or when["any"]])
    how, limit = next((how, limit) for how, limit in when.items() if how != "fact" and limit is not None); value, limit = facts.get(when["fact"]), facts.get(limit["fact"]) if isinstance(limit, dict) else limit
    if how in ORDER and isinstance(limit, str): limit = float(re.match(r"\s*([-+.\d]+([eE][-+]?\d+)?)", limit)[1])
    if None in (value, limit) or isinstance(value, bool) != isinstance(limit, bool): return False
    if how in ORDER: return not isinstance(value, (bool, str)) and ORDER[how](float(value), float(limit))
    return value == limit if how == "equals" else value in limit
def decisions(files):  # whether each follows from its facts under its policy, and each attempt from its decision
    if "data/policy.json" not in files: return (yield "data/policy.json is missing: whether the decisions follow from their facts cannot be seen")
    (case,), policy, rungs = (json.loads(files[f"data/{name}.json"]) for name in ("cases", "policy", "rungs"))
    tried, problem = [row["attempt"] for row in json.loads(files["data/attempts.json"])], case["info"]["problem"]
    off, name, family = {each["gate"] for each in policy["waivers"]}, "{0[tier]}/{0[method]}".format, problem["family"]
    for said in (row["decision"] for row in json.loads(files["data/decisions.json"])):
        number, facts, aim = said["number"], {}, problem["target"]
        for fact in said["facts"]: facts.setdefault(fact["subject"], {})[fact["name"]] = fact["value"]
        def unmet(rung, rules): return [rule for rule, when in rules if not met(when, facts.get(name(rung), {}))]
        def of(part, tier, when="when"): return [(rule["id"], rule[when]) for rule in policy[part] if rule["tier"] == tier and family in (rule.get("families") or [family])]
        def gates(rung): return [each for each in unmet(rung, of("gates", rung["tier"])) if rung["hardware"] or each not in off]
        def priced(rung): return {"quote.usd", "budget.usd_left"} <= {*facts.get(name(rung), {})} and ["floor_price", rung["tier"]] in [[rule["gate"], rule["tier"]] for rule in said["closed"]]
        def shut(rung): return unmet(rung, FLOOR[:3] * rung["hardware"]) or gates(rung) or unmet(rung, FLOOR[4:] * priced(rung))
        def short(value): return value < aim["at_least"] if aim["at_most"] is None else value > aim["at_most"]
        last, left = (tried[:number] or [{}])[-1], rungs if said["rule"] != "budget" else []; rung = next((each for each in left if name(each) not in map(name, tried[:number]) and not shut(each)), {})
        asks = rung and unmet(rung, FLOOR[3:4] * rung["hardware"] + of("approvals", rung["tier"], "unless"))
        want = ["attempt" if rung else "abstain" if last else "refuse", rung.get("tier"), rung.get("method"), asks or [], 0]; status, found = last.get("status"), last.get("certificate")
        if status == "certified" and not short(found["value"]) and not unmet(last, of("acceptance", last["tier"])): want = ["accept", last["tier"], last["method"], [], 0]
        elif status == "not certified" and found["best_possible"] is not None and short(found["best_possible"]): want = ["abstain", None, None, [], 1]
        got = [said["action"], said["tier"], said["method"], [rule["gate"] for rule in said["asks"]], said["rule"] == "out of reach"]
        hashed = sha(files["data/policy.json"]) == said["policy_hash"] and (sha(facts := plain(said["facts"])) == said["facts_hash"] or b'"note":"withheld"' in facts and "data/ledger/withheld.jsonl" in files)
        if want != got or not hashed or [*map(name, tried[number:number + 1])] not in ([], [name(said)]): yield f"decision {number}: does not follow from its facts, or was not carried out"
        told = [found and found["value"], aim["at_least"] if aim["at_most"] is None else aim["at_most"]]
        if any(told != [each["value"], each["limit"]] for each in (said["nearest_flip"] or {}).get("changes", ()) if each["fact"] == "attempt.value"): yield f"decision {number}: says another value or target than certificate and problem"
    if (case["outcome"] or {}).get("value") not in [None, *((each["certificate"] or {}).get("value") for each in tried)]: yield "data/outcome.json: no attempt has a certificate of that value"
def beside(files, events):  # whether what stands alone, for people, is what the case's row and its first event say
    (case,), opened = json.loads(files["data/cases.json"]), next(each["body"] for each in events if each["kind"] == "case.opened"); info, own = case["info"], "data/ledger/withheld.jsonl" not in files
    rows = {**case, **info}; said = {f"data/{name}.json": sha(json.dumps(rows[name], sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n") for name in ("outcome", "problem", "environment")}
    said |= {"data/policy.yaml": sha(info["policy_text"].encode()), **{path: path[11:] for path in files if STORED(path)}}
    perhaps = {"data/requirements.lock": info["environment"].get("lock"), "data/policy.json": opened["policy"]}.items(); said |= {path: digest for path, digest in perhaps if path in files}
    for line in differ(said, {path: sha(files[path]) for path in said if path in files}): yield f"{line}: it is not what the ledger says"
    digests = [info[f"{what}_digest"] for what in ("problem", "instance", "policy")] + [sha(plain(info["problem"]))] * own
    if digests != [opened[what] for what in ("problem", "instance", "policy", "problem")[:len(digests)]]: yield "data/cases.json: was opened as another case"
def withheld(files):  # what an export leaves out, and nobody but its site can check
    rows, kept = (files.get(f"data/{name}/withheld.jsonl", b"").count(b"\n") for name in ("ledger", "store"))
    return [f"{rows} rows and {kept} files are withheld: target, certificates and costs are checked only where decisions repeat them"] * (rows + kept > 0)
def verify(files, key):  # yields what does not fit
    for check in (bag(files, key), ledger(files, events := []), history(events), beside(files, events), decisions(files)):
        try: yield from check
        except KeyError as error: yield f"{check.__name__}: {error.args[0]} is missing"
        except Exception: yield f"{check.__name__}: cannot be read, something is not as an export has it"
def read(path):  # all files of an export, by path, and a line on each thing there that is none
    files, strange, size = {}, [], 0
    if not any(os.path.lexists(os.path.join(path, name)) for name in (*SIGNATURE, *MANIFESTS)): raise ValueError("expected an export, got none; of a ZIP file, the folder that it unpacks to")
    for name in (os.path.join(top, name) for top, folders, names in os.walk(path) for name in folders + names):
        state, inside = os.lstat(name), pathlib.Path(os.path.relpath(name, path)).as_posix()
        if stat.S_ISREG(state.st_mode) and (size := size + state.st_size) <= MOST: files[inside] = pathlib.Path(name).read_bytes()
        elif not stat.S_ISDIR(state.st_mode) or not os.listdir(name): strange.append(f"{inside}: expected a file, and at most {MOST} bytes in all")
    return files, strange
def raw(pem): return base64.b64decode((re.findall(rb"MCowBQYDK2VwAyEA([A-Za-z0-9+/]{43}=)", pem) or [b""])[0])  # the 32 bytes of an Ed25519 public key, after those of DER; none where it is no such key
def trusted(name):  # the key in a file, at most 64 KiB of it; no pipe is waited for
    with open(name, "rb", opener=lambda at, how: os.open(at, how | getattr(os, "O_NONBLOCK", 0))) as file: return raw(file.read(2**16) or b"")
def main(path, options):
    if len(options) not in (0, 2) or options[:1] not in ([], ["--key"]) or path[:1] in ("-", ""): raise ValueError("expected DIR, then --key PEM or nothing")
    files, found = read(path); key = trusted(options[1]) if options else raw(files.get(SIGNATURE[2], b""))
    if options and not key: raise ValueError("expected an Ed25519 public key in PEM, as `tierwise keys show` prints it")
    found = [*dict.fromkeys([*found, *verify(files, key)])]
    whose = [options[1]] if options else ["in the export itself", "Whose key that is, no export can prove: hold its id against what the site says, or give --key"]
    said = [*(found or ["all fits"]), f"key {sha(DER + key)}, {whose[0]}", *whose[1:], *withheld(files), MORE]
    return print(*(line.encode("unicode_escape").decode() for line in said), sep="\n") or bool(found)
if __name__ == "__main__":
    try: sys.exit(main((sys.argv[1:2] or [""])[0], sys.argv[2:]))
    except (OSError, ValueError) as error: sys.exit(print(__doc__, f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error, sep="\n\n") or 2)
