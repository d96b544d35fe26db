import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { H264, video } from './made-video.ts'

/**
 * Writes an MP4 whose media box has many zeros after the frames. The disk stores only what is not zero, so that a file of
 * some GiB takes a few KiB.
 */
export function writeLongMp4(path: string, mediaBytes: number): void {
  const small = video('a.mp4', H264)
  const [mediaAt, movieAt] = [small.indexOf('mdat') - 4, small.indexOf('moov') - 4]
  const head = Buffer.alloc(16)
  head.writeUInt32BE(1)
  head.write('mdat', 4, 'latin1')
  head.writeBigUInt64BE(BigInt(mediaBytes), 8)
  const file = openSync(path, 'w')
  writeSync(file, small.subarray(0, mediaAt))
  writeSync(file, head)
  writeSync(file, small.subarray(mediaAt + 8, movieAt))
  ftruncateSync(file, mediaAt + mediaBytes)
  const movie = small.subarray(movieAt)
  writeSync(file, movie, 0, movie.length, mediaAt + mediaBytes)
  closeSync(file)
}
