import { expect, test } from '@jest/globals'
import { ChunkSize } from '../../../src/agent/send/chunk-size.ts'

const [KIB, MIB] = [1024, 1024 * 1024]

/** Sends chunks over a line of this rate and returns their sizes. */
function sizesAt(bytesPerSecond: number, chunks: number, latencyMs = 0, isBrief = false): number[] {
  const size = new ChunkSize(8 * MIB, isBrief)
  return Array.from({ length: chunks }, () => {
    const { bytes } = size
    size.took(bytes, latencyMs + (bytes * 1000) / bytesPerSecond)
    return bytes
  })
}

test('on a good line chunks are as large as they may be after a few requests', () => {
  expect(sizesAt(100 * MIB, 5)).toEqual([16 * KIB, 128 * KIB, MIB, 8 * MIB, 8 * MIB])
})

test('on a slow line a chunk takes some ten seconds', () => {
  expect(sizesAt(KIB, 3)).toEqual([16 * KIB, 10 * KIB, 10 * KIB])
  expect(sizesAt(64 * KIB, 6).at(-1)).toBe(640 * KIB)
})

test('a long way does not keep chunks small on a good line', () => {
  expect(sizesAt(100 * MIB, 10, 4000).at(-1)).toBe(8 * MIB)
})

test('chunks that urgent images have to wait for take half a second, and no less than a long way needs', () => {
  expect(sizesAt(MIB, 6, 0, true).at(-1)).toBe(512 * KIB)
  expect(sizesAt(100 * MIB, 6, 0, true).at(-1)).toBe(8 * MIB)
  expect(sizesAt(100 * MIB, 10, 4000, true).at(-1)).toBe(256 * KIB)
  expect(sizesAt(KIB, 3, 0, true)).toEqual([16 * KIB, 10 * KIB, 10 * KIB])
})

test('a chunk that breaks makes the next ones smaller, down to what the slowest line of use can take', () => {
  const size = new ChunkSize(8 * MIB)
  size.broke()
  expect(size.bytes).toBe(4 * KIB)
  size.broke()
  expect(size.bytes).toBe(4 * KIB)
})

test('the small end of a pack says nothing of how slow the line is', () => {
  const size = new ChunkSize(8 * MIB)
  size.took(16 * KIB, 1)
  const { bytes } = size
  size.took(10, 500)
  expect(size.bytes).toBe(bytes)
})
