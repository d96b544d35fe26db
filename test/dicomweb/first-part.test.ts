import { expect, test } from '@jest/globals'
import { boundaryOf, firstPart } from '../../src/dicomweb/first-part.ts'

const body = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'), 'latin1')
const CONTENT = 'first\r\n--bound not yet\r\n--\r\nend'
const WHOLE = body(
  '--boundary',
  'Content-Type: application/dicom',
  '',
  CONTENT,
  '--boundary',
  '',
  'second',
  '--boundary--',
)

test.each([1, 2, 3, 7, 1000])(
  'the first part comes out whole however the body is cut (%i bytes)',
  async (size) => {
    expect(await contentOf(WHOLE, size)).toBe(CONTENT)
  },
)

test('a body that ends before its first part does is an error, not a short part', async () => {
  await expect(contentOf(WHOLE.subarray(0, 80), 10)).rejects.toThrow('ends before its first part')
  await expect(contentOf(Buffer.from('no part'), 3)).rejects.toThrow('ends before its first part')
})

test.each([
  ['multipart/related; type="application/dicom"; boundary="a b"', 'a b'],
  ['multipart/related;boundary=abc;type="application/dicom"', 'abc'],
  ['Multipart/Related; Boundary=abc', 'abc'],
  ['multipart/related; type="application/dicom"', undefined],
  ['application/dicom', undefined],
])('the boundary of %j is %j', (contentType, boundary) => {
  expect(boundaryOf(contentType)).toBe(boundary)
})

async function contentOf(bytes: Buffer, size: number): Promise<string> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  return Buffer.concat(await Array.fromAsync(firstPart(pieces(), 'boundary'))).toString('latin1')
}
