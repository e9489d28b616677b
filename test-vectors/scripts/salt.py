#!/usr/bin/env python3
"""Known answers for zkdkim-salt, from an implementation that shares no line with it: BLS12-381, hashing to the curve (RFC
9380), the pairing, shares, and the encryption of a salt, as docs/escrow.md defines them, with Python's standard library.
Slow and not constant-time: a model.

    python3 test-vectors/scripts/salt.py            writes test-vectors/salt.json
    python3 test-vectors/scripts/salt.py --check    compares it
"""

import hashlib
import json
import pathlib
import sys

# The curve. z is its parameter, negated; q the order of the groups, p the field.
z = 0xD201000000010000
q = z**4 - z**2 + 1
p = (z + 1) ** 2 * q // 3 - z
assert q == 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
BN254 = 21888242871839275222246405745257275088548364400416034343698204186575808495617

# RFC 9380 section 8.8.1 and appendix E.2: the curve that is 11-isogenous to E, and the isogeny; lowest coefficient first.
SWU_A = 0x144698A3B8E9433D693A02C96D4982B0EA985383EE66A8D8E8981AEFD881AC98936F8DA0E0F97F5CF428082D584C1D
SWU_B = 0x12E2908D11688030018B12E8753EEE3B2016C1F0F24F4070A0B9C14FCEF35EF55A23215A316CEAA5D1CC48E98E172BE0
SWU_Z = 11
X_NUM = [int(k, 16) for k in '''
11a05f2b1e833340b809101dd99815856b303e88a2d7005ff2627b56cdb4e2c85610c2d5f2e62d6eaeac1662734649b7
17294ed3e943ab2f0588bab22147a81c7c17e75b2f6a8417f565e33c70d1e86b4838f2a6f318c356e834eef1b3cb83bb
0d54005db97678ec1d1048c5d10a9a1bce032473295983e56878e501ec68e25c958c3e3d2a09729fe0179f9dac9edcb0
1778e7166fcc6db74e0609d307e55412d7f5e4656a8dbf25f1b33289f1b330835336e25ce3107193c5b388641d9b6861
0e99726a3199f4436642b4b3e4118e5499db995a1257fb3f086eeb65982fac18985a286f301e77c451154ce9ac8895d9
1630c3250d7313ff01d1201bf7a74ab5db3cb17dd952799b9ed3ab9097e68f90a0870d2dcae73d19cd13c1c66f652983
0d6ed6553fe44d296a3726c38ae652bfb11586264f0f8ce19008e218f9c86b2a8da25128c1052ecaddd7f225a139ed84
17b81e7701abdbe2e8743884d1117e53356de5ab275b4db1a682c62ef0f2753339b7c8f8c8f475af9ccb5618e3f0c88e
080d3cf1f9a78fc47b90b33563be990dc43b756ce79f5574a2c596c928c5d1de4fa295f296b74e956d71986a8497e317
169b1f8e1bcfa7c42e0c37515d138f22dd2ecb803a0c5c99676314baf4bb1b7fa3190b2edc0327797f241067be390c9e
10321da079ce07e272d8ec09d2565b0dfa7dccdde6787f96d50af36003b14866f69b771f8c285decca67df3f1605fb7b
06e08c248e260e70bd1e962381edee3d31d79d7e22c837bc23c0bf1bc24c6b68c24b1b80b64d391fa9c8ba2e8ba2d229
'''.split()]
X_DEN = [int(k, 16) for k in '''
08ca8d548cff19ae18b2e62f4bd3fa6f01d5ef4ba35b48ba9c9588617fc8ac62b558d681be343df8993cf9fa40d21b1c
12561a5deb559c4348b4711298e536367041e8ca0cf0800c0126c2588c48bf5713daa8846cb026e9e5c8276ec82b3bff
0b2962fe57a3225e8137e629bff2991f6f89416f5a718cd1fca64e00b11aceacd6a3d0967c94fedcfcc239ba5cb83e19
03425581a58ae2fec83aafef7c40eb545b08243f16b1655154cca8abc28d6fd04976d5243eecf5c4130de8938dc62cd8
13a8e162022914a80a6f1d5f43e7a07dffdfc759a12062bb8d6b44e833b306da9bd29ba81f35781d539d395b3532a21e
0e7355f8e4e667b955390f7f0506c6e9395735e9ce9cad4d0a43bcef24b8982f7400d24bc4228f11c02df9a29f6304a5
0772caacf16936190f3e0c63e0596721570f5799af53a1894e2e073062aede9cea73b3538f0de06cec2574496ee84a3a
14a7ac2a9d64a8b230b3f5b074cf01996e7f63c21bca68a81996e1cdf9822c580fa5b9489d11e2d311f7d99bbdcc5a5e
0a10ecf6ada54f825e920b3dafc7a3cce07f8d1d7161366b74100da67f39883503826692abba43704776ec3a79a1d641
095fc13ab9e92ad4476d6e3eb3a56680f682b4ee96f7d03776df533978f31c1593174e4b4b7865002d6384d168ecdd0a
000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001
'''.split()]
Y_NUM = [int(k, 16) for k in '''
090d97c81ba24ee0259d1f094980dcfa11ad138e48a869522b52af6c956543d3cd0c7aee9b3ba3c2be9845719707bb33
134996a104ee5811d51036d776fb46831223e96c254f383d0f906343eb67ad34d6c56711962fa8bfe097e75a2e41c696
00cc786baa966e66f4a384c86a3b49942552e2d658a31ce2c344be4b91400da7d26d521628b00523b8dfe240c72de1f6
01f86376e8981c217898751ad8746757d42aa7b90eeb791c09e4a3ec03251cf9de405aba9ec61deca6355c77b0e5f4cb
08cc03fdefe0ff135caf4fe2a21529c4195536fbe3ce50b879833fd221351adc2ee7f8dc099040a841b6daecf2e8fedb
16603fca40634b6a2211e11db8f0a6a074a7d0d4afadb7bd76505c3d3ad5544e203f6326c95a807299b23ab13633a5f0
04ab0b9bcfac1bbcb2c977d027796b3ce75bb8ca2be184cb5231413c4d634f3747a87ac2460f415ec961f8855fe9d6f2
0987c8d5333ab86fde9926bd2ca6c674170a05bfe3bdd81ffd038da6c26c842642f64550fedfe935a15e4ca31870fb29
09fc4018bd96684be88c9e221e4da1bb8f3abd16679dc26c1e8b6e6a1f20cabe69d65201c78607a360370e577bdba587
0e1bba7a1186bdb5223abde7ada14a23c42a0ca7915af6fe06985e7ed1e4d43b9b3f7055dd4eba6f2bafaaebca731c30
19713e47937cd1be0dfd0b8f1d43fb93cd2fcbcb6caf493fd1183e416389e61031bf3a5cce3fbafce813711ad011c132
18b46a908f36f6deb918c143fed2edcc523559b8aaf0c2462e6bfe7f911f643249d9cdf41b44d606ce07c8a4d0074d8e
0b182cac101b9399d155096004f53f447aa7b12a3426b08ec02710e807b4633f06c851c1919211f20d4c04f00b971ef8
0245a394ad1eca9b72fc00ae7be315dc757b3b080d4c158013e6632d3c40659cc6cf90ad1c232a6442d9d3f5db980133
05c129645e44cf1102a159f748c4a3fc5e673d81d7e86568d9ab0f5d396a7ce46ba1049b6579afb7866b1e715475224b
15e6be4e990f03ce4ea50b3b42df2eb5cb181d8f84965a3957add4fa95af01b2b665027efec01c7704b456be69c8b604
'''.split()]
Y_DEN = [int(k, 16) for k in '''
16112c4c3a9c98b252181140fad0eae9601a6de578980be6eec3232b5be72e7a07f3688ef60c206d01479253b03663c1
1962d75c2381201e1a0cbd6c43c348b885c84ff731c4d59ca4a10356f453e01f78a4260763529e3532f6102c2e49a03d
058df3306640da276faaae7d6e8eb15778c4855551ae7f310c35a5dd279cd2eca6757cd636f96f891e2538b53dbf67f2
16b7d288798e5395f20d23bf89edb4d1d115c5dbddbcd30e123da489e726af41727364f2c28297ada8d26d98445f5416
0be0e079545f43e4b00cc912f8228ddcc6d19c9f0f69bbb0542eda0fc9dec916a20b15dc0fd2ededda39142311a5001d
08d9e5297186db2d9fb266eaac783182b70152c65550d881c5ecd87b6f0f5a6449f38db9dfa9cce202c6477faaf9b7ac
166007c08a99db2fc3ba8734ace9824b5eecfdfa8d0cf8ef5dd365bc400a0051d5fa9c01a58b1fb93d1a1399126a775c
16a3ef08be3ea7ea03bcddfabba6ff6ee5a4375efa1f4fd7feb34fd206357132b920f5b00801dee460ee415a15812ed9
1866c8ed336c61231a1be54fd1d74cc4f9fb0ce4c6af5920abc5750c4bf39b4852cfe2f7bb9248836b233d9d55535d4a
167a55cda70a6e1cea820597d94a84903216f763e13d87bb5308592e7ea7d4fbc7385ea3d529b35e346ef48bb8913f55
04d2f259eea405bd48f010a01ad2911d9c6dd039bb61a6290e591b36e636a5c871a5c29f4f83060400f8b49cba8f6aa8
0accbb67481d033ff5852c1e48c50c477f94ff8aefce42d28c0f9a88cea7913516f968986f7ebbea9684b529e2561092
0ad6b9514c767fe3c3613144b45f1496543346d98adf02267d5ceef9a00d9b8693000763e3b90ac11e99b138573345cc
02660400eb2e4f3b628bdd0d53cd76f2bf565b94e72927c1cb748df27942480e420517bd8714cc80d1fadc1326ed06f7
0e0fa1d816ddc03e6b24255e0d7819c171c40f65e273b853324efcd6356caa205ca2f570f13497804415473a1d634b8f
000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001
'''.split()]


# Fields: Fp2 = Fp[u]/(u^2 + 1) as pairs, Fp12 = Fp2[w]/(w^6 - (u + 1)) as lists of six pairs.
def add2(a, b):
    return ((a[0] + b[0]) % p, (a[1] + b[1]) % p)


def neg2(a):
    return (-a[0] % p, -a[1] % p)


def mul2(a, b):
    return ((a[0] * b[0] - a[1] * b[1]) % p, (a[0] * b[1] + a[1] * b[0]) % p)


def inv2(a):
    n = pow(a[0] * a[0] + a[1] * a[1], -1, p)
    return (a[0] * n % p, -a[1] * n % p)


XI = (1, 1)
XI_INVERSE = inv2(XI)


def mul12(a, b):
    c = [(0, 0)] * 11
    for i, x in enumerate(a):
        if x != (0, 0):
            for j, y in enumerate(b):
                c[i + j] = add2(c[i + j], mul2(x, y))
    return [add2(c[i], mul2(XI, c[i + 6])) if i < 5 else c[i] for i in range(6)]


def power12(a, exponent):
    result = [(1, 0)] + [(0, 0)] * 5
    for bit in bin(exponent)[2:]:
        result = mul12(result, result)
        if bit == "1":
            result = mul12(result, a)
    return result


# Points: None is the identity. The same formulas serve G1 and G2.
class Field:
    def __init__(self, add, neg, mul, inv):
        self.add, self.neg, self.mul, self.inv = add, neg, mul, inv


F1 = Field(lambda a, b: (a + b) % p, lambda a: -a % p, lambda a, b: a * b % p, lambda a: pow(a, -1, p))
F2 = Field(add2, neg2, mul2, inv2)
G1 = (
    0x17F1D3A73197D7942695638C4FA9AC0FC3688C4F9774B905A14E3A3F171BAC586C55E83FF97A1AEFFB3AF00ADB22C6BB,
    0x08B3F481E3AAA0F1A09E30ED741D8AE4FCF5E095D5D00AF600DB18CB2C04B3EDD03CC744A2888AE40CAA232946C5E7E1,
)
G2 = (
    (
        0x024AA2B2F08F0A91260805272DC51051C6E47AD4FA403B02B4510B647AE3D1770BAC0326A805BBEFD48056C8C121BDB8,
        0x13E02B6052719F607DACD3A088274F65596BD0D09920B61AB5DA61BBDC7F5049334CF11213945D57E5AC7D055D042B7E,
    ),
    (
        0x0CE5D527727D6E118CC9CDC6DA2E351AADFD9BAA8CBDD3A76D429A695160D12C923AC9CC3BACA289E193548608B82801,
        0x0606C4A02EA734CC32ACD2B02BC28B99CB3E287E85A763AF267492AB572E99AB3F370D275CEC1DA1AAA9075FF05F79BE,
    ),
)


def slope(f, a, b):
    if a == b:
        square = f.mul(a[0], a[0])
        return f.mul(f.add(square, f.add(square, square)), f.inv(f.add(a[1], a[1])))
    return f.mul(f.add(b[1], f.neg(a[1])), f.inv(f.add(b[0], f.neg(a[0]))))


def add(f, a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and a[1] == f.neg(b[1]):
        return None
    k = slope(f, a, b)
    x = f.add(f.mul(k, k), f.neg(f.add(a[0], b[0])))
    return (x, f.add(f.mul(k, f.add(a[0], f.neg(x))), f.neg(a[1])))


def times(f, k, a):
    result = None
    for bit in bin(k)[2:]:
        result = add(f, result, result) if result else None
        if bit == "1":
            result = add(f, result, a)
    return result


def compress(point):
    """The ZCash encoding: x, big-endian, highest coefficient first; flags in the three highest bits."""
    x, y = point
    high = (y[1], y[0]) if isinstance(y, tuple) else (y,)
    sign = next((c > (p - 1) // 2 for c in high if c), False)
    coordinates = (x[1], x[0]) if isinstance(x, tuple) else (x,)
    data = bytearray(b"".join(c.to_bytes(48, "big") for c in coordinates))
    data[0] |= 0x80 | (0x20 if sign else 0)
    return bytes(data)


# Hashing to G1: RFC 9380, BLS12381G1_XMD:SHA-256_SSWU_RO_.
def expand(message, tag, length):
    tag += bytes([len(tag)])
    first = hashlib.sha256(bytes(64) + message + length.to_bytes(2, "big") + b"\0" + tag).digest()
    block, out = bytes(32), b""
    for i in range(1, length // 32 + 1):
        block = hashlib.sha256(bytes(a ^ b for a, b in zip(first, block)) + bytes([i]) + tag).digest()
        out += block
    return out


def map_to_curve(u):
    """Simplified SWU to the isogenous curve, then the isogeny."""
    denominator = (SWU_Z * SWU_Z * pow(u, 4, p) + SWU_Z * u * u) % p
    if denominator:
        x = -SWU_B * pow(SWU_A, -1, p) * (1 + pow(denominator, -1, p)) % p
    else:
        x = SWU_B * pow(SWU_Z * SWU_A, -1, p) % p
    square = (x**3 + SWU_A * x + SWU_B) % p
    if pow(square, (p - 1) // 2, p) == p - 1:
        x = SWU_Z * u * u * x % p
        square = (x**3 + SWU_A * x + SWU_B) % p
    y = pow(square, (p + 1) // 4, p)
    assert y * y % p == square
    if y % 2 != u % 2:
        y = p - y
    at = lambda k: sum(c * pow(x, i, p) for i, c in enumerate(k)) % p
    return (at(X_NUM) * pow(at(X_DEN), -1, p) % p, y * at(Y_NUM) * pow(at(Y_DEN), -1, p) % p)


def hash_to_g1(message, tag):
    data = expand(message, tag, 128)
    u = [int.from_bytes(data[i : i + 64], "big") % p for i in (0, 64)]
    return times(F1, z + 1, add(F1, map_to_curve(u[0]), map_to_curve(u[1])))


# RFC 9380, J.9.1.
RFC = hash_to_g1(b"abc", b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_")
assert RFC[0] == 0x03567BC5EF9C690C2AB2ECDF6A96EF1C139CC0B2F284DCA0A9A7943388A49A3AEE664BA5379A7655D3C68900BE2F6903
assert times(F1, q, RFC) is None and times(F1, q, G1) is None and times(F2, q, G2) is None


# The pairing: ate, Miller loop over |z|, inverted since z is negative, to the power 3 (p^12 - 1) / q.
def pairing(a, b):
    def line(t, other):
        k = slope(F2, t, other)
        value = [(a[1], 0)] + [(0, 0)] * 5
        value[5] = mul2(neg2(mul2(k, (a[0], 0))), XI_INVERSE)
        value[3] = mul2(add2(mul2(k, t[0]), neg2(t[1])), XI_INVERSE)
        return value

    f, t = [(1, 0)] + [(0, 0)] * 5, b
    for bit in bin(z)[3:]:
        f, t = mul12(mul12(f, f), line(t, t)), add(F2, t, t)
        if bit == "1":
            f, t = mul12(f, line(t, b)), add(F2, t, b)
    # The conjugate of f stands for its inverse: the difference lies in a subfield and vanishes in the power.
    f = [c if i % 2 == 0 else neg2(c) for i, c in enumerate(f)]
    return power12(f, 3 * (p**12 - 1) // q)


def gt_bytes(f):
    """Coefficients of w v^2, w v, w, v^2, v, 1 with v = w^2; of each, that of u first; 48 bytes, big-endian."""
    order = [f[5], f[3], f[1], f[4], f[2], f[0]]
    return b"".join(c.to_bytes(48, "big") for pair in order for c in (pair[1], pair[0]))


# The scheme, as docs/escrow.md has it.
TAG = b"ZKDKIM-SALT-V1-BLS12381G1_XMD:SHA-256_SSWU_RO_"


def framed(data):
    return len(data).to_bytes(2, "big") + data


def identity(network, master, address):
    return framed(network.encode()) + compress(master) + b"email" + framed(address.lower().encode())


def secret(label):
    return int.from_bytes(hashlib.sha512(b"zkdkim-salt test vectors: " + label.encode()).digest(), "little") % q


def share(coefficients, i):
    return sum(c * i**k for k, c in enumerate(coefficients)) % q


def at_zero(i, indices):
    value = 1
    for j in indices:
        if j != i:
            value = value * j * pow(j - i, -1, q) % q
    return value


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def exponent(message, seed, salt):
    digest = hashlib.sha512(b"ZKDKIM-SALT-V1-H3" + framed(message) + seed + salt).digest()
    return int.from_bytes(digest, "little") % q


def mask(message, u, shared):
    return hashlib.sha256(b"ZKDKIM-SALT-V1-H2" + framed(message) + compress(u) + gt_bytes(shared)).digest()


def pad(seed):
    return hashlib.sha256(b"ZKDKIM-SALT-V1-H4" + seed).digest()


def encrypt(message, master, seed, salt):
    r = exponent(message, seed, salt)
    u = times(F2, r, G2)
    shared = pairing(times(F1, r, hash_to_g1(message, TAG)), master)
    return b"ZKSALT\x03\x01" + compress(u) + xor(seed, mask(message, u, shared)) + xor(salt, pad(seed))


def vectors():
    threshold, indices = 3, [1, 2, 3, 4, 5]
    coefficients = [secret(f"coefficient {k}") for k in range(threshold)]
    master = times(F2, coefficients[0], G2)
    shares = {i: share(coefficients, i) for i in indices}
    cases = []
    for number, (network, address) in enumerate(
        [("main-1", "ann@example.org"), ("main-1", "Bob.B+x@Mail.EXAMPLE.org"), ("a", "a" * 61 + "@" + "b" * 58 + ".cc")]
    ):
        message = identity(network, master, address)
        point = hash_to_g1(message, TAG)
        parts = {i: times(F1, s, point) for i, s in shares.items()}
        key = None
        for i in (2, 3, 5):
            key = add(F1, key, times(F1, at_zero(i, (2, 3, 5)), parts[i]))
        assert key == times(F1, coefficients[0], point)
        assert pairing(key, G2) == pairing(point, master)
        seed = hashlib.sha256(b"seed %d" % number).digest()
        salt = (int.from_bytes(hashlib.sha512(b"salt %d" % number).digest(), "big") % BN254).to_bytes(32, "big")
        cases.append(
            {
                "network": network,
                "address": address,
                "message": message.hex(),
                "point": compress(point).hex(),
                "parts": {str(i): compress(part).hex() for i, part in parts.items()},
                "key": compress(key).hex(),
                "seed": seed.hex(),
                "salt": salt.hex(),
                "escrow": encrypt(message, master, seed, salt).hex(),
            }
        )
    return {
        "threshold": threshold,
        "master": compress(master).hex(),
        "shares": {
            str(i): {"secret": f"{s:064x}", "public": compress(times(F2, s, G2)).hex()} for i, s in shares.items()
        },
        "cases": cases,
    }


def main():
    path = pathlib.Path(__file__).resolve().parent.parent / "salt.json"
    text = json.dumps(vectors(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        if path.read_text() != text:
            sys.exit(f"{path.name} is not what this script computes")
    else:
        path.write_text(text)


if __name__ == "__main__":
    main()
