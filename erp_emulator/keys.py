"""The account's keys, derived like its other credentials, so that no private key rests in any file.

An RSA key takes a search for primes; for the default account the places where they lie are noted, which spares it.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

RSA_BITS = 3072
EXPONENT = 65537
SIEVE_MAX = 20_000
WITNESSES = 12
# (account, purpose) -> how many steps of two beyond its start each prime lies.
KNOWN_STEPS: dict[tuple[str, str], tuple[int, int]] = {("TSTDRV1234567", "oauth2"): (604, 131)}


def expand(seed: str, bits: int) -> int:
    """A number of so many bits, made from a text."""
    blocks = [hashlib.sha512(f"{seed}/{index}".encode()).digest() for index in range(bits // 512 + 1)]
    return int.from_bytes(b"".join(blocks)[: bits // 8], "big")


@lru_cache
def small_primes() -> tuple[int, ...]:
    marks = bytearray([1]) * SIEVE_MAX
    for number in range(2, int(SIEVE_MAX**0.5) + 1):
        if marks[number]:
            marks[number * number :: number] = bytes(len(marks[number * number :: number]))
    return tuple(number for number in range(3, SIEVE_MAX) if marks[number])


def is_prime(number: int, seed: str, rounds: int = WITNESSES) -> bool:
    """Miller and Rabin's test with witnesses made from the seed."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for index in range(rounds):
        value = pow(expand(f"{seed}/witness/{index}", 512) + 2, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


def prime_from(seed: str, bits: int, steps: int | None) -> tuple[int, int]:
    """The first prime at or after a start made from the seed, and how many steps of two it took."""
    start = expand(seed, bits) | (3 << (bits - 2)) | 1
    if steps is not None:
        return start + 2 * steps, steps
    remainders = [(prime, start % prime) for prime in small_primes()]
    step = 0
    while True:
        is_candidate = all((rest + 2 * step) % prime for prime, rest in remainders)
        candidate = start + 2 * step
        is_candidate = is_candidate and (candidate - 1) % EXPONENT != 0
        # One witness turns nearly all others away before the full test.
        if is_candidate and is_prime(candidate, seed, 1) and is_prime(candidate, seed):
            return candidate, step
        step += 1


@lru_cache(maxsize=16)
def rsa_key(account: str, purpose: str) -> rsa.RSAPrivateKey:
    """The account's RSA key for a purpose: always the same."""
    known = KNOWN_STEPS.get((account, purpose), (None, None))
    half = RSA_BITS // 2
    p, _ = prime_from(f"erp-emulator/{account}/{purpose}/p", half, known[0])
    q, _ = prime_from(f"erp-emulator/{account}/{purpose}/q", half, known[1])
    # The noted primes were proven when they were found; unless they are, a wrong note would make a wrong key.
    if any(known) and not (is_prime(p, "p", 2) and is_prime(q, "q", 2)):
        raise ValueError(f"the steps noted for {account} lead to no primes")
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(EXPONENT, p * q),
    )
    return numbers.private_key()


@lru_cache(maxsize=16)
def ec_key(account: str, purpose: str) -> ec.EllipticCurvePrivateKey:
    """The account's P-256 key for a purpose."""
    scalar = expand(f"erp-emulator/{account}/{purpose}", 512) % (2**255) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def steps_of(account: str, purpose: str) -> tuple[int, int]:
    """What to note in KNOWN_STEPS."""
    half = RSA_BITS // 2
    found = [prime_from(f"erp-emulator/{account}/{purpose}/{name}", half, None)[1] for name in "pq"]
    return found[0], found[1]
