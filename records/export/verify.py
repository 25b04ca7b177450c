"""Checks an export of Tierwise with nothing but Python 3.9 or newer: python3 verify.py DIR|ZIP [--key PEM]

Exit code 0: all fits; 1: a line on each thing that does not; 2: nothing to be read. Without --key the signature is
checked with the key in the export: hold its id against what the site says, and take this file from where you trust it.
"""
import base64, functools, hashlib, json, os, re, sys, zipfile
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of RFC 8032, section 5.1
D, ROOT, DER = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P), bytes.fromhex("302a300506032b6570032100")
GENESIS, MONEY = (0, "0" * 64), ("budget", "limit", "approval")
SIGNATURE = ["signature/statement.dsse.json", "signature/statement.pae", "signature/key.pem", "signature/statement.sig"]
ORDER = {"at_least": float.__ge__, "at_most": float.__le__, "above": float.__gt__, "below": float.__lt__}
FLOOR = [(f"floor_{name}", {"fact": fact, how: limit}) for name, fact, how, limit in (
    ("hardware", "site.hardware_allowed", "equals", True), ("data_class", "problem.data_may_leave_site", "equals", True),
    ("limit", "site.limit_usd", "at_least", 0), ("approval", "quote.usd", "at_most", {"fact": "site.unasked_usd"}),
    ("price", "quote.usd", "at_most", {"fact": "budget.usd_left"}))]
NEEDS = {"opened": None, "closed": "running", "asked": None, "granted": "asked", "denied": "asked", "used": "granted"}
def sha(data): return hashlib.sha256(data).hexdigest()
def lines(data): return [json.loads(line) for line in data.decode().split("\n")[:-1]]
def plain(data): return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def point(text):  # of the curve, from its 32 bytes
    y = int.from_bytes(text, "little") & 2**255 - 1
    x = pow(square := (y * y - 1) * pow(D * y * y + 1, -1, P) % P, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    if y >= P or x * x % P != square: raise ValueError("no point of the curve")
    return (P - x if x & 1 != text[31] >> 7 else x), y
def add(one, two):
    (a, b), (c, d), k = one, two, D * one[0] * one[1] * two[0] * two[1] % P
    return (a * d + b * c) * pow(1 + k, -1, P) % P, (b * d + a * c) * pow(1 - k, -1, P) % P
def times(number, at):
    return functools.reduce(lambda sum, bit: add(add(sum, sum), at) if bit == "1" else add(sum, sum), bin(number)[2:], (0, 1))
def signs(key, message, signature):  # RFC 8032, section 5.1.7
    base, s = point((4 * pow(5, -1, P) % P).to_bytes(32, "little")), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return len(signature) == 64 and s < L and times(s, base) == add(point(signature[:32]), times(h, point(key)))
def bag(files, key):  # every byte against the manifests, these against the signature; each is written in one way only
    tags = [path for path in sorted(files) if not path.startswith("data/") and path != "tagmanifest-sha256.txt"]
    payload = [path for path in sorted(files) if path.startswith("data/")]
    for name, paths in (("manifest-sha256.txt", payload), ("tagmanifest-sha256.txt", tags)):
        has, are = files[name].decode().split("\n"), [*(f"{sha(files[path])}  {path}" for path in paths), ""]
        if has != are: yield f"{name}: does not say what is there: {sorted({*has} ^ {*are})[-1:]}"
    *written, sig = (files[path] for path in SIGNATURE)
    text = base64.b64decode(json.loads(written[0])["payload"])
    envelope = {"payload": base64.b64encode(text).decode(), "payloadType": "application/vnd.in-toto+json",
                "signatures": [{"keyid": sha(DER + key), "sig": base64.b64encode(sig).decode()}]}
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(text), text)
    pem = b"-----BEGIN PUBLIC KEY-----\n%b\n-----END PUBLIC KEY-----\n" % base64.b64encode(DER + key)
    if written != [plain(envelope), message, pem] or not signs(key, message, sig):
        yield f"signature: is not that of key {sha(DER + key)}"
    said = {each["name"]: each["digest"]["sha256"] for each in json.loads(text)["subject"]}
    for path in {*said, *tags} - {*SIGNATURE}:
        if path not in files or sha(files[path]) != said.get(path): yield f"{path}: is not what was signed"
def ledger(files, events):  # events against their hashes, rows against their events, the chain against a checkpoint
    heads, seals, hashes, found, file = {}, {}, {}, [], "data/ledger/{}.jsonl".format
    texts, chains = files[file("events")].split(b"\n"), lines(files[file("chain")])
    if len(texts) != len(chains) + 1: yield "ledger: events are missing"
    for text, (chain, digest) in zip(texts, chains):
        events.append(event := json.loads(text))
        case, number, (last, before) = event["case_id"], event["number"], heads.get(chain, GENESIS)
        belongs = chain in ("/money" if event["kind"].split(".")[0] in MONEY else case, "/closed")
        fits = sha(text) == digest and belongs and (number == last + 1 and event["previous"] == before or chain != case and number > last)
        fits = fits and (chain != "/money" or event["body"]["case"] == [*heads.get(case, GENESIS)])
        for row in filter(None, [event["body"].get("row")]):
            fits = fits and (chain == "/closed" or row["before"] == seals.get((row["table"], *row["key"])))
            seals[(row["table"], *row["key"])] = row["digest"]
        if not fits: yield f"ledger: event {number} of {chain} is not what followed event {last}"
        heads[chain], hashes[chain, number] = (number, digest), digest
    for table in (path[17:-6] for path in files if path.startswith("data/ledger/rows/")):
        rows, said = lines(files[file(f"rows/{table}")]), json.loads(files[f"data/{table}.json"])
        found += [(table, sha(text)) for text in files[file(f"rows/{table}")].split(b"\n")[:-1]]
        read = [{n: x if x == row.get(n) else plain(x).decode() for n, x in each.items()} for each, row in zip(said, rows)]
        if read != rows or len(said) != len(rows): yield f"data/{table}.json: the rows say another thing"
    held = [(row["table"], row["sha256"]) for row in lines(files.get(file("withheld"), b""))]
    if sorted(found + held) != (sealed := sorted((name[0], digest) for name, digest in seals.items())):
        yield f"ledger: rows are not as their last events left them: {sorted({*found, *held} ^ {*sealed})[:1]}"
    for proof in lines(files.get(file("proof"), b"")):  # RFC 9162, section 2.1
        node, leaf = hashlib.sha256(b"\0" + plain(proof["leaf"])).digest(), proof["leaf"]
        for sides in proof["path"]: node = hashlib.sha256(b"\1" + node.join(map(bytes.fromhex, sides))).digest()
        said = [sha(proof["checkpoint"].encode()), json.loads(proof["checkpoint"])["body"]["root"]]
        if [*said, leaf["hash"]] != [proof["hash"], node.hex(), hashes.get((leaf["chain"], leaf["number"]))]:
            yield "ledger: the checkpoint does not have this chain"
def history(events):  # whether what happened can have happened: nothing without what it needs before it
    states, used, made = {}, set(), 0
    for event in events:
        (what, verb), body, kind = event["kind"].split(".", 1), event["body"], event["kind"]
        work = body.get("attempt"), body.get("ordinal")
        was = states.get(thing := (what, body.get("approval_id") or work))
        now = body["changed"].get("state", was) if what == "handoff" and verb != "wanted" else verb
        if what == "case": now = {"opened": "running", "resumed": "running", "closed": body.get("status")}.get(verb, was)
        fits = was == NEEDS.get(verb, was) == (body.get("from") if what == "handoff" else body.get("was", was))
        if what in ("decision", "attempt"):
            fits, made = (what, body["number"]) == (("decision", "attempt")[made % 2], made // 2), made + 1
        elif now == "authorised" and was in ("frozen", "asked"):
            fits = fits and states.get(("budget", work)) == "reserved" and (was == "frozen" or work in used)
        elif kind == "budget.spent": fits = states.get(("handoff", work), "done") in ("settled", "done", "cancelled")
        states[thing], used = now, used | {work} if kind == "approval.used" else used - {work} if now == "authorised" else used
        if not fits: yield f"history: {kind} {work} (event {event['number']}) cannot have happened then"
def met(when, facts):  # whether a condition is known to be met
    if "fact" not in when: return (all if "all" in when else any)([met(part, facts) for part in when.get("all") or when["any"]])
    how, limit = next((how, limit) for how, limit in when.items() if how != "fact" and limit is not None)
    value, limit = facts.get(when["fact"]), facts.get(limit["fact"]) if isinstance(limit, dict) else limit
    if how in ORDER and isinstance(limit, str): limit = float(re.match(r"\s*([-+.\d]+([eE][-+]?\d+)?)", limit)[1])
    if None in (value, limit) or isinstance(value, bool) != isinstance(limit, bool): return False
    if how not in ORDER: return value == limit if how == "equals" else value in limit
    return not isinstance(value, (bool, str)) and ORDER[how](float(value), float(limit))
def decisions(files):  # whether each follows from its facts under its policy, and each attempt from its decision
    if "data/policy.json" not in files: return  # a policy of another version of Tierwise, whose hash cannot be made again
    (case,), policy, rungs = (json.loads(files[f"data/{name}.json"]) for name in ("cases", "policy", "rungs"))
    tried, problem = [row["attempt"] for row in json.loads(files["data/attempts.json"])], case["info"]["problem"]
    off, name, family = {each["gate"] for each in policy["waivers"]}, "{0[tier]}/{0[method]}".format, problem["family"]
    for said in (row["decision"] for row in json.loads(files["data/decisions.json"])):
        number, facts, aim = said["number"], {}, problem["target"]
        for fact in said["facts"]: facts.setdefault(fact["subject"], {})[fact["name"]] = fact["value"]
        def unmet(rung, rules): return [rule for rule, when in rules if not met(when, facts.get(name(rung), {}))]
        def of(part, tier, when="when"): return [(rule["id"], rule[when]) for rule in policy[part]
                                                 if rule["tier"] == tier and family in (rule.get("families") or [family])]
        def shut(rung):
            gates = [each for each in unmet(rung, of("gates", rung["tier"])) if rung["hardware"] or each not in off]
            return unmet(rung, FLOOR[:3] * rung["hardware"]) or gates or unmet(rung, FLOOR[4:] * ("floor_price" in str(said)))
        def short(value): return value < aim["at_least"] if aim["at_most"] is None else value > aim["at_most"]
        last, left = (tried[:number] or [{}])[-1], rungs if said["rule"] != "budget" else []
        rung = next((each for each in left if name(each) not in map(name, tried[:number]) and not shut(each)), {})
        asks = rung and unmet(rung, FLOOR[3:4] * rung["hardware"] + of("approvals", rung["tier"], "unless"))
        want = ["attempt" if rung else "abstain" if last else "refuse", rung.get("tier"), rung.get("method"), asks or [], 0]
        status, found = last.get("status"), last.get("certificate")
        if status == "certified" and not short(found["value"]) and not unmet(last, of("acceptance", last["tier"])):
            want = ["accept", last["tier"], last["method"], [], 0]
        elif status == "not certified" and found["best_possible"] is not None and short(found["best_possible"]):
            want = ["abstain", None, None, [], 1]
        did = [*map(name, tried[number:number + 1])] in ([], [name(said)])
        got = [said["action"], said["tier"], said["method"], [rule["gate"] for rule in said["asks"]], said["rule"] == "out of reach"]
        hashed = [sha(plain(said["facts"])), sha(files["data/policy.json"])] == [said["facts_hash"], said["policy_hash"]]
        if want != got or not did or not hashed: yield f"decision {number}: does not follow from its facts, or was not carried out"
def verify(files, key):  # yields what does not fit; the key is the 32 bytes at the end of a PEM file
    try:
        for check in (bag(files, key), ledger(files, events := []), history(events), decisions(files)): yield from check
    except (LookupError, ValueError, TypeError, AttributeError, StopIteration) as error: yield f"unreadable: {error!r}"
def read(path):  # all files of an export, by path
    if os.path.isfile(path):
        with zipfile.ZipFile(path) as archive: return {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    inside = [os.path.join(folder, name) for folder, folders, names in os.walk(path) for name in names + folders]
    if any(os.path.islink(each) or os.path.isdir(each) and not os.listdir(each) for each in inside): raise ValueError("not only files")
    return {os.path.relpath(each, path): open(each, "rb").read() for each in inside if not os.path.isdir(each)}
if __name__ == "__main__":
    try:
        files, own = read(sys.argv[1]), sys.argv[2:3] != ["--key"]
        key = base64.b64decode((files["signature/key.pem"] if own else open(sys.argv[3], "rb").read()).split(b"-----")[2])[-32:]
    except (OSError, ValueError, LookupError, zipfile.BadZipFile) as error: sys.exit(print(__doc__, error) or 2)
    findings = [*verify(files, key)] or ["all fits"]
    print(*findings, f"key {sha(DER + key)}, {'found in the export' if own else sys.argv[3]}", sep="\n")
    sys.exit(findings != ["all fits"])
