/** Number of codes of each length from 1 to 16 bits, and the values of the codes in order (ITU-T T.81 §K.3.3). */
interface HuffmanTable {
  readonly class: 0 | 1
  readonly id: 0 | 1
  readonly counts: string
  readonly values: string
}

const DC_VALUES = '000102030405060708090a0b'

const TABLES: readonly HuffmanTable[] = [
  { class: 0, id: 0, counts: '00010501010101010100000000000000', values: DC_VALUES },
  { class: 0, id: 1, counts: '00030101010101010101010000000000', values: DC_VALUES },
  {
    class: 1,
    id: 0,
    counts: '0002010303020403050504040000017d',
    values:
      '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
  },
  {
    class: 1,
    id: 1,
    counts: '00020102040403040705040400010277',
    values:
      '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
  },
]

/**
 * The segment of the tables that readers of Motion JPEG assume if a frame has none (OpenDML AVI 1.02, "MJPEG DIB"). Its
 * addition makes such a frame a JPEG stream that any decoder reads; the entropy-coded data is unchanged.
 */
export const STANDARD_HUFFMAN_TABLES: Buffer = segment(
  TABLES.map(({ class: kind, id, counts, values }) =>
    Buffer.concat([Buffer.from([kind * 16 + id]), hex(counts), hex(values)]),
  ),
)

function segment(tables: readonly Buffer[]): Buffer {
  const body = Buffer.concat(tables)
  const head = Buffer.from([0xff, 0xc4, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex')
}
