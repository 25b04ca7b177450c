"""Checks an export of Tierwise with nothing but Python 3.9 or newer: python3 verify.py DIR [--key PEM]
Exit code 0: all fits; 1: a line on each thing that does not; 2: nothing to be read, or asked another way.
Take this file from where you trust it. Without --key the key in the export is used: damage alone is found."""
import base64, hashlib, json, os, pathlib, re, stat, sys
LEFT = "Histories, what rows and events repeat, README.md and its like: `tierwise verify` looks at these, too"
TYPE, MANIFESTS = "application/vnd.in-toto+json", ("manifest-sha256.txt", "tagmanifest-sha256.txt")
SIGNATURE = [f"signature/{x}" for x in ("statement.dsse.json", "statement.pae", "key.pem", "statement.sig")]
EVENTS, CHAIN, WITHHELD = (f"data/ledger/{x}.jsonl" for x in ("events", "chain", "withheld"))
GENESIS, MONEY, NUMBER = (0, "0" * 64), ("budget", "limit", "approval"), r"\s*[-+.\d]+([eE][-+]?\d+)?"
DER, MOST, NO_FILE = bytes.fromhex("302a300506032b6570032100"), 2**34, b"a link, a pipe, too many bytes"
ORDER = {"at_least": float.__ge__, "at_most": float.__le__, "above": float.__gt__, "below": float.__lt__}
HARDWARE = {"all": [{"fact": "site.limit_usd", "at_least": 0},  # below every policy, as the next two
  {"fact": "site.hardware_allowed", "equals": True}, {"fact": "problem.data_may_leave_site", "equals": True}]}
ASKED = {"fact": "quote.usd", "at_most": {"fact": "site.unasked_usd"}}  # or a person is asked
DEAR = {"fact": "quote.usd", "above": {"fact": "budget.usd_left"}}
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032, section 5.1
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
def point(text):  # of the curve, from its 32 bytes: section 5.1.3
    y = int.from_bytes(text, "little") & 2**255 - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x, *_ = [x for k in (1, ROOT) if (x := pow(square, (P + 3) // 8, P) * k % P) ** 2 % P == square and y < P]
    return (P - x if x & 1 != text[31] >> 7 else x), y
def add(one, two):
    (a, b), (c, d), k = one, two, D * one[0] * one[1] * two[0] * two[1] % P
    return (a * d + b * c) * pow(1 + k, -1, P) % P, (b * d + a * c) * pow(1 - k, -1, P) % P
def times(n, at): return add(times(n // 2, add(at, at)), at if n & 1 else (0, 1)) if n else (0, 1)
def signs(key, message, signature):  # section 5.1.7
    s, base = int.from_bytes(signature[32:], "little"), point(b"\x58" + b"\x66" * 31)
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return s < L and times(s, base) == add(point(signature[:32]), times(h, point(key)))
def sha(data): return hashlib.sha256(data).hexdigest()
def b64(data): return base64.b64encode(data).decode()
def lines(data): return [json.loads(line) for line in data.split(b"\n")[:-1]]
def plain(data): return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def differ(said, there):  # both: digests by path
    for at in [path for path in sorted({*said, *there}) if said.get(path) != there.get(path)]:
        yield f"{at} {'was added' if at not in said else 'was changed' if at in there else 'is missing'}"
def manifests(files, key):  # of every file the digest, written in one way only
    for name, data in zip(MANIFESTS, (True, False)):
        paths = [path for path in sorted(files) if (path[:5] == "data/") == data and path != MANIFESTS[1]]
        there, text = {path: sha(files[path]) for path in paths}, files[name].decode()
        yield from differ({line[66:]: line[:64] for line in text.split("\n")[:-1]}, there)
        if text != "".join(f"{there[path]}  {path}\n" for path in paths): yield f"{name} was changed"
def signature(files, key):  # of a statement with the digests of the files outside data/: of its manifest, too
    *written, sig = (files[path] for path in SIGNATURE)
    text, keyid = base64.b64decode(json.loads(written[0])["payload"]), sha(DER + key)
    envelope = {"payload": b64(text), "payloadType": TYPE, "signatures": [{"keyid": keyid, "sig": b64(sig)}]}
    message = f"DSSEv1 {len(TYPE)} {TYPE} {len(text)} ".encode() + text
    pem = f"-----BEGIN PUBLIC KEY-----\n{b64(DER + key)}\n-----END PUBLIC KEY-----\n".encode()
    if written != [plain(envelope), message, pem] or len(sig) != 64 or not signs(key, message, sig):
        yield f"signature: is not that of key {keyid}"
    outside = [path for path in files if path[:5] != "data/" and path not in (*SIGNATURE, MANIFESTS[1])]
    said = {each["name"]: each["digest"]["sha256"] for each in json.loads(text)["subject"]}
    yield from differ(said, {path: sha(files[path]) for path in outside})
def chain(files, key):  # each event has its hash, and follows the one before it
    texts, named, heads = files[EVENTS].split(b"\n")[:-1], lines(files[CHAIN]), {}
    if len(texts) != len(named): yield "ledger: events are missing"
    for text, (name, digest) in zip(texts, named):
        event, (last, before) = json.loads(text), heads.get(name, GENESIS)
        case, number, about = event["case_id"], event["number"], event["kind"].split(".")[0]
        follows = number == last + 1 and event["previous"] == before or name != case and number > last
        belongs = name in ("/money" if about in MONEY else case, "/closed")
        stands = name != "/money" or event["body"]["case"] == [*heads.get(case, GENESIS)]
        fits, heads[name] = sha(text) == digest and follows and belongs and stands, (number, digest)
        if not fits: yield f"ledger: event {number} of {name} is not what followed event {last}"
def exact(row): return plain({name: plain(x).decode() if isinstance(x, (dict, list)) else x
                              for name, x in row.items() if name != "in_words"})  # added for people
def rows(files, key):  # each is as its last event sealed it, none is missing or added, people read the same
    last = {(x["table"], *x["key"]): x["digest"] for e in lines(files[EVENTS]) if (x := e["body"].get("row"))}
    found = [(row["table"], row["sha256"]) for row in lines(files.get(WITHHELD, b""))]
    for table in [path[17:-6] for path in files if path.startswith("data/ledger/rows/")]:
        texts = files[f"data/ledger/rows/{table}.jsonl"].split(b"\n")[:-1]
        found += [(table, sha(text)) for text in texts]
        same = [exact(row) for row in json.loads(files[f"data/{table}.json"])] == texts
        if not same: yield f"data/{table}.json: the rows say another thing"
    for row in [row for row in last if (row[0], last[row]) not in found]:
        yield f"ledger: the row {' '.join(map(str, row))} is not as its last event left it"
    if len(found) != len(last): yield f"ledger: events sealed {len(last)} rows, got {len(found)}"
def met(when, facts):  # whether a condition of the policy is known to be met
    if "any" in when: return any(met(part, facts) for part in when["any"])
    if "all" in when: return all(met(part, facts) for part in when["all"])
    how, limit = next((how, limit) for how, limit in when.items() if how != "fact" and limit is not None)
    value, limit = facts.get(when["fact"]), facts.get(limit["fact"]) if isinstance(limit, dict) else limit
    if None in (value, limit) or isinstance(value, bool) != isinstance(limit, bool): return False
    if how not in ORDER: return value == limit if how == "equals" else value in limit
    return ORDER[how](float(value), float(re.match(NUMBER, str(limit))[0]))  # a limit without its unit
def name(each): return f"{each['tier']}/{each['method']}"
def wanted(said, past, rungs, policy, problem):  # what follows from the facts, after the attempts in the past
    aim, family, facts = problem["target"], problem["family"], {}
    for fact in said["facts"]: facts.setdefault(fact["subject"], {})[fact["name"]] = fact["value"]
    def short(value): return value < aim["at_least"] if aim["at_most"] is None else value > aim["at_most"]
    def unmet(rung, part, when="when", more=(), off=()):  # the rules in that part of the policy
        rules = [rule for rule in policy[part] if rule["tier"] == rung["tier"] and rule["id"] not in off]
        rules = [(rule["id"], rule[when]) for rule in rules if family in (rule.get("families") or [family])]
        return [rule for rule, condition in [*more, *rules] if not met(condition, facts.get(name(rung), {}))]
    def closed(rung):
        off = [] if rung["hardware"] else [each["gate"] for each in policy["waivers"]]
        priced = ("floor_price", rung["tier"]) in [(each["gate"], each["tier"]) for each in said["closed"]]
        if said["rule"] == "budget" or priced and met(DEAR, facts.get(name(rung), {})): return True
        return unmet(rung, "gates", "when", [("", HARDWARE)] * rung["hardware"], off)
    status, found = (past[-1]["status"], past[-1]["certificate"]) if past else ("", None)
    if status == "certified" and not short(found["value"]) and not unmet(past[-1], "acceptance"):
        return ["accept", name(past[-1]), [], False]
    if status == "not certified" and found["best_possible"] is not None and short(found["best_possible"]):
        return ["abstain", "None/None", [], True]
    for rung in [rung for rung in rungs if name(rung) not in map(name, past) and not closed(rung)]:
        asks = unmet(rung, "approvals", "unless", [("floor_approval", ASKED)] * rung["hardware"])
        return ["attempt", name(rung), asks, False]
    return ["abstain" if past else "refuse", "None/None", [], False]
def decisions(files, key):  # each follows from its facts under its policy; what it decided on was done next
    names = ("cases", "policy", "rungs", "attempts", "decisions")
    (case,), policy, rungs, attempts, made = (json.loads(files[f"data/{each}.json"]) for each in names)
    done = [row["attempt"] for row in attempts]
    for said in [row["decision"] for row in made]:
        number, facts, asks = said["number"], plain(said["facts"]), [each["gate"] for each in said["asks"]]
        fits = said["facts_hash"] == sha(facts) or b'"note":"withheld"' in facts and WITHHELD in files
        fits = fits and said["policy_hash"] == sha(files["data/policy.json"])
        want = wanted(said, done[:number], rungs, policy, case["info"]["problem"])
        fits = fits and want == [said["action"], name(said), asks, said["rule"] == "out of reach"]
        fits = fits and [name(each) for each in done[number:number + 1]] in ([], [name(said)])
        if not fits: yield f"decision {number}: does not follow from its facts, or was not carried out"
def verify(files, key):  # a line on each thing that does not fit; files: bytes by path; key: its 32 bytes
    for check in (manifests, signature, chain, rows, decisions):
        try: yield from check(files, key)
        except KeyError as error: yield f"{check.__name__}: {error.args[0]} is missing"
        except Exception: yield f"{check.__name__}: cannot be read, something is not as an export has it"
def unseen(files, at=("ledger/withheld", "store/withheld", "store/pruned")):  # and so not checked
    n = [files.get(f"data/{each}.jsonl", b"").count(b"\n") for each in at]
    return ["{} rows and {} files are withheld, {} pruned: what they say is not checked".format(*n)] * any(n)
def read(path):  # all files by path; what is none, an empty folder too, or beyond 16 GiB is there as NO_FILE
    files, size = {}, 0
    if not os.path.isdir(os.path.join(path, "signature")): raise ValueError("expected an export's folder")
    for at in [os.path.join(top, each) for top, folders, names in os.walk(path) for each in folders + names]:
        inside, state = pathlib.Path(os.path.relpath(at, path)).as_posix(), os.lstat(at)
        regular = stat.S_ISREG(state.st_mode) and (size := size + state.st_size) <= MOST
        if regular or not stat.S_ISDIR(state.st_mode) or not os.listdir(at):
            files[inside] = pathlib.Path(at).read_bytes() if regular else NO_FILE
    return files
def raw(x): return base64.b64decode((re.findall(rb"MCowBQYDK2VwAyEA([A-Za-z0-9+/]{43}=)", x) or [b""])[0])
def main(path=".", *options):  # prints what was found, and returns whether something does not fit
    if options and (options[0] != "--key" or len(options) != 2): raise ValueError("expected DIR --key PEM")
    files, at = read(path), options[1] if options else os.path.join(path, SIGNATURE[2])
    key = raw(pathlib.Path(at).read_bytes() if os.path.isfile(at) and os.path.getsize(at) < 2**16 else b"")
    if options and not key: raise ValueError(f"{at}: expected a file with an Ed25519 public key in PEM")
    found = [*dict.fromkeys(verify(files, key))] or ["all fits"]
    said = [*found, f"key {sha(DER + key)}, {at}: hold its id against the site's", *unseen(files), LEFT]
    return print(*(ascii(line)[1:-1] for line in said), sep="\n") or found != ["all fits"]
if __name__ == "__main__":
    try: sys.exit(print(__doc__) if {"-h", "--help"} & {*sys.argv} else main(*sys.argv[1:]))
    except (OSError, ValueError) as error: sys.exit(print(__doc__, error, sep="\n\n") or 2)
