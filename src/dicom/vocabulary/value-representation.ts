/** VRs with a 16-bit length field in explicit VR (PS3.5 Table 7.1-2). */
const SHORT_LENGTH = new Set([
  'AE',
  'AS',
  'AT',
  'CS',
  'DA',
  'DS',
  'DT',
  'FD',
  'FL',
  'IS',
  'LO',
  'LT',
  'PN',
  'SH',
  'SL',
  'SS',
  'ST',
  'TM',
  'UI',
  'UL',
  'US',
])

/** VRs with two reserved bytes and a 32-bit length field in explicit VR (PS3.5 Table 7.1-1). */
const LONG_LENGTH = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])

/** By the two bytes as one number, so that a header's VR need not be made into a string of its own each time. */
const BY_CODE: ReadonlyMap<number, string> = new Map(
  Array.from([...SHORT_LENGTH, ...LONG_LENGTH], (vr) => [vr.charCodeAt(0) * 0x100 + vr.charCodeAt(1), vr]),
)

/** The two characters at `at`, whatever they are. */
export function readVr(bytes: Buffer, at: number): string {
  return BY_CODE.get(bytes.readUInt16BE(at)) ?? bytes.toString('latin1', at, at + 2)
}

/** True if the two characters at `at` are a VR that the standard knows. */
export function hasKnownVr(bytes: Buffer, at: number): boolean {
  return BY_CODE.has(bytes.readUInt16BE(at))
}

/** True for a VR that the standard knows. */
export function isKnownVr(vr: string): boolean {
  return SHORT_LENGTH.has(vr) || LONG_LENGTH.has(vr)
}

/** True for what may be a VR, of this edition of the standard or a later one: two capital letters. */
export function looksLikeVr(vr: string): boolean {
  return SHORT_LENGTH.has(vr) || /^[A-Z]{2}$/.test(vr)
}

/** True for the VRs whose length field has 16 bits in explicit VR. */
export function hasShortLength(vr: string): boolean {
  return SHORT_LENGTH.has(vr)
}

/** Bytes of an element's header in explicit VR. A VR of a later edition has the long form (PS3.5 §7.1.2). */
export function explicitHeaderBytes(vr: string): 8 | 12 {
  return SHORT_LENGTH.has(vr) ? 8 : 12
}

/** The VRs whose text Specific Character Set governs (PS3.5 §6.1.2.2). */
export const CHARACTER_SET_VRS: ReadonlySet<string> = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT'])

/** VRs whose values are written by people, or could contain text written by people. */
export const TEXT_VRS: ReadonlySet<string> = new Set([...CHARACTER_SET_VRS, 'AE', 'CS', 'UR'])
