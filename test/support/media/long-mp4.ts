import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { H264, video } from './made-video.ts'

const FILL = Buffer.alloc(1024 * 1024, 0x5a)

/**
 * Writes an MP4 whose media box has many bytes without meaning after the frames. With `gap`, the disk stores none of them,
 * so that a file of some GiB takes a few KiB; a watched folder takes such a file for one that is still written.
 */
export function writeLongMp4(path: string, mediaBytes: number, content: 'gap' | 'full'): void {
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
  const filled = mediaAt + 16 + (movieAt - mediaAt - 8)
  const end = mediaAt + mediaBytes
  if (content === 'gap') ftruncateSync(file, end)
  else
    for (let at = filled; at < end; at += FILL.length)
      writeSync(file, FILL, 0, Math.min(FILL.length, end - at))
  const movie = small.subarray(movieAt)
  writeSync(file, movie, 0, movie.length, end)
  closeSync(file)
}
