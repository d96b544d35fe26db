const P = 2n ** 255n - 19n
/** The curve is -x² + y² = 1 + d x² y² (RFC 8032 §5.1). */
const D = modulo(-121665n * power(121666n, P - 2n))
const SIGN_BIT = 1n << 255n

/** y of the points of order 1, 2, 4 and 8, for both signs of x: under such a key, forged signatures are valid. */
const ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const SMALL_ORDER_Y = new Set([1n, P - 1n, 0n, ORDER_8_Y, P - ORDER_8_Y])

/**
 * Explains why 32 bytes are not the encoding of a public key that binds its owner; undefined if they are. Stricter than
 * RFC 8032 §5.1.3 and than most libraries, which accept keys of small order: one signature is then valid for many
 * messages.
 */
export function weaknessOf(publicKey: Uint8Array): string | undefined {
  if (publicKey.length !== 32) return `${publicKey.length} bytes, not 32`
  const y = littleEndian(publicKey) & ~SIGN_BIT
  if (y >= P) return 'not the canonical encoding of a point'
  if (SMALL_ORDER_Y.has(y)) return 'a point of small order, under which forged signatures hold'
  return isOnCurve(y) ? undefined : 'not a point of the curve'
}

/** L, the order of the base point. A signature whose S is not below it has a twin (RFC 8032 §5.1.7, §8.4). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** Returns true if S, the last 32 bytes of a signature, has its one permitted encoding. */
export function hasCanonicalScalar(signature: Uint8Array): boolean {
  return signature.length === 64 && littleEndian(signature.subarray(32)) < L
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`)
}

/** x² = (y² - 1) / (d y² + 1) has a root if the product of both satisfies Euler's criterion. */
function isOnCurve(y: bigint): boolean {
  const square = modulo(y * y)
  return power(modulo((square - 1n) * modulo(D * square + 1n)), (P - 1n) / 2n) === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let factor = base
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = modulo(result * factor)
    factor = modulo(factor * factor)
  }
  return result
}

function modulo(value: bigint): bigint {
  const rest = value % P
  return rest < 0n ? rest + P : rest
}
