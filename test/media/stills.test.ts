import { expect, test } from '@jest/globals'
import { type PngChunk, pngChunks } from '../../src/media/png-chunks.ts'
import { readBmp } from '../../src/media/read-bmp.ts'
import { type Cda, readCda } from '../../src/media/read-cda.ts'
import { JPEG_LIMIT_BYTES, type Jpeg, type JpegProcess, readJpeg } from '../../src/media/read-jpeg.ts'
import { isEncryptedPdf } from '../../src/media/read-pdf.ts'
import { isBinaryStl } from '../../src/media/read-stl.ts'
import { memorySource } from '../support/media/memory-source.ts'
import { pngChunk, smallCda, smallFile, smallJpeg } from '../support/media/small-files.ts'

test('a JPEG keeps its scan and loses its comment and its JFIF header', () => {
  const bytes = smallJpeg()
  const jpeg: Jpeg = readJpeg(bytes)
  const process: JpegProcess = jpeg.process
  expect({ ...jpeg, process }).toMatchObject({
    process: 'baseline',
    bits: 8,
    rows: 8,
    columns: 8,
    components: 1,
  })
  const kept = Buffer.concat(jpeg.kept.map(({ offset, length }) => bytes.subarray(offset, offset + length)))
  expect(bytes.includes('ZHANG')).toBe(true)
  expect(kept.includes('ZHANG')).toBe(false)
  expect(kept.includes('JFIF')).toBe(false)
  expect(kept.includes(Buffer.from('12ff0034ffd056ffd9', 'hex'))).toBe(true)
  expect(readJpeg(kept)).toMatchObject({ rows: 8, trailingBytes: 0 })
  expect(bytes.length).toBeLessThan(JPEG_LIMIT_BYTES)
})

test('a flipped bit in a PNG is found by its checksums', async () => {
  const bytes = smallFile('png')
  const chunks: PngChunk[] = await pngChunks(memorySource(bytes))
  expect(chunks.map(({ type }) => type)).toEqual(['IHDR', 'IDAT', 'IEND'])
  expect(bytes.subarray(-12).equals(pngChunk('IEND', Buffer.alloc(0)))).toBe(true)
  for (let at = 8; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
    await expect(pngChunks(memorySource(flipped))).rejects.toMatchObject({ code: 'MEDIA_DAMAGED' })
  }
})

test('the rows of a BMP are turned from bottom to top and from blue to red', async () => {
  const picture = await readBmp(memorySource(smallFile('bmp')))
  const rows: Buffer[] = []
  for await (const bytes of picture.pixels()) rows.push(bytes)
  expect(Array.from(Buffer.concat(rows))).toEqual([10, 9, 8, 13, 12, 11, 2, 1, 0, 5, 4, 3])
})

test('a CDA shows its identifier and title in every encoding', async () => {
  const expected: Cda = { instanceIdentifier: '1.2.3^A7', title: '胃镜报告' }
  expect(await readCda(memorySource(smallCda('UTF-8')))).toEqual(expected)
  expect(await readCda(memorySource(smallCda('GB18030')))).toEqual(expected)
  expect(await readCda(memorySource(smallCda('UTF-16')))).toEqual(expected)
})

test('a CDA that is not in its declared encoding is damaged', async () => {
  const wrong = Buffer.from(smallCda('GB18030').toString('latin1').replace('GB18030', 'UTF-8'), 'latin1')
  await expect(readCda(memorySource(wrong))).rejects.toMatchObject({ code: 'MEDIA_DAMAGED' })
})

test('an encrypted PDF is told from one that is not, even where two pieces of the file meet', async () => {
  const plain = Buffer.alloc(3 * 1024 * 1024, 0x20)
  plain.write('%PDF-1.4')
  expect(await isEncryptedPdf(memorySource(plain))).toBe(false)
  const encrypted = Buffer.from(plain)
  encrypted.write('/Encrypt 12 0 R', 1024 * 1024 - 5)
  expect(await isEncryptedPdf(memorySource(encrypted))).toBe(true)
})

test('a binary STL is known by its size', () => {
  const bytes = smallFile('stl')
  expect(isBinaryStl(bytes, bytes.length)).toBe(true)
  expect(isBinaryStl(bytes, bytes.length - 1)).toBe(false)
})
