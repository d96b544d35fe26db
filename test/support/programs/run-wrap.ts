// Wraps a file of any size from the disk and throws the instances away, in a process of its own: prints the growth of its
// memory, the number of bytes, and the digest of each instance's data set.
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { wrapFile } from '../../../src/agent/arrival/wrap/wrap-file.ts'
import { recognize } from '../../../src/media/recognize.ts'
import { someFacts } from '../media/some-facts.ts'

const [, , path = ''] = process.argv
await using file = await open(path, 'r')
const { size } = await file.stat()
const source = {
  size,
  read: async (offset: number, length: number): Promise<Buffer> => {
    const wanted = Math.max(0, Math.min(length, size - offset))
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, offset)
    return buffer.subarray(0, bytesRead)
  },
}

const kind = await recognize(source)
if (kind === undefined) throw new Error('a file of no known kind')
const before = process.memoryUsage.rss()
let highest = before
const { instances, findings } = await wrapFile(source, kind, someFacts())
const digests: string[] = []
let bytes = 0
for (const instance of instances) {
  const hash = createHash('sha256')
  for await (const piece of instance.dataSet()) {
    hash.update(piece)
    bytes += piece.length
    highest = Math.max(highest, process.memoryUsage.rss())
  }
  digests.push(hash.digest('hex'))
}
const [transferSyntaxUid] = instances.map((instance) => instance.transferSyntaxUid)
process.stdout.write(
  JSON.stringify({ growth: highest - before, bytes, digests, findings, transferSyntaxUid }),
)
