#!/usr/bin/env python3
"""What Python's email package sees in a From, beside the address that a proof would show.

    authors.py < CASES           reads lines of `author_cases`, prints a tally, and every difference
                                 that no class of authors.json explains; fails if there is one
    authors.py --check FILE      compares the verdicts of Python in FILE (authors.json) with this Python's
    authors.py --write FILE      writes them

Needs nothing but Python 3.8 or later. Two parsers of the standard library are asked: the one of the
modern policy (RFC 5322 grammar) and the older email.utils.getaddresses.
"""
import collections
import email
import email.policy
import email.utils
import json
import re
import sys


def modern(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    fields = message.get_all("from") or []
    return [address.addr_spec for field in fields for address in field.addresses]


def older(raw):
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    fields = [str(field) for field in message.get_all("from") or []]
    return [address for _, address in email.utils.getaddresses(fields) if address]


PARSERS = {"python-email": modern, "python-getaddresses": older}


def seen(parser, raw, proved):
    """`same`, `nobody`, or the list of other addresses."""
    try:
        addresses = parser(raw)
    except Exception:  # a parser that fails sees nobody
        return "nobody"
    if not addresses:
        return "nobody"
    if len(addresses) == 1 and addresses[0].lower() == proved.lower():
        return "same"
    return addresses


def from_value(raw):
    """The value of the From field as it stands, folds included."""
    return re.search(rb"^from[ \t]*:((?:.|\r\n[ \t])*)\r\n", raw, re.I | re.M)[1].decode("latin-1")


def class_of(name, raw, proved):
    """Why a parser sees somebody else: the class in authors.json, or None."""
    local = proved.split("@")[0]
    value = from_value(raw)
    if "=?" in local or "?=" in local:
        return "encoded word in the address"
    if name == "python-email" and re.search(r"=\?[^?]*\?[^?]*\?=[0-9A-Fa-f]{2}", value):
        return "encoded word without end"
    if name == "python-getaddresses":
        unfolded = re.sub(r"\r\n(?=[ \t])", "", value)
        addresses = [address for _, address in email.utils.getaddresses([unfolded]) if address]
        if [address.lower() for address in addresses] == [proved.lower()]:
            return "folded quoted name"
    return None


def compare_cases():
    tally = collections.Counter()
    unexplained = 0
    for line in sys.stdin:
        case = json.loads(line)
        raw = bytes.fromhex(case["message"])
        for name, parser in PARSERS.items():
            verdict = seen(parser, raw, case["proved"])
            kind = verdict
            if not isinstance(verdict, str):
                kind = class_of(name, raw, case["proved"])
            if kind is None:
                unexplained += 1
                kind = "unexplained"
                print(json.dumps({"parser": name, "proved": case["proved"], "sees": verdict,
                                  "message": raw.decode("latin-1")}))
            tally[name, kind] += 1
    for (name, kind), count in sorted(tally.items()):
        print(f"{name}: {kind} {count}", file=sys.stderr)
    return int(unexplained > 0)


def compare_file(path, write):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    wrong = 0
    for vector in document["vectors"]:
        raw = vector["message"].encode("latin-1")
        for name, parser in PARSERS.items():
            verdict = seen(parser, raw, vector["proved"])
            if vector["sees"].get(name) != verdict:
                wrong += 1
                print(f"{vector['name']}: {name} sees {verdict}", file=sys.stderr)
                vector["sees"][name] = verdict
    if write:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
    return 0 if write else int(wrong > 0)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in ("--check", "--write"):
        sys.exit(compare_file(sys.argv[2], sys.argv[1] == "--write"))
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    sys.exit(compare_cases())
