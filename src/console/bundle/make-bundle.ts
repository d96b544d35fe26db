import { version as osVersion, release } from 'node:os'
import { gzipSync } from 'node:zlib'
import { explainAccess } from '../../platform/explain-access.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import { OutputFile } from '../session/output-file.ts'
import type { Session } from '../session/session.ts'
import { tarFile } from './tar-file.ts'
import { UidMasks } from './uid-masks.ts'

/** Makes one part of a bundle: a value that becomes JSON, or the lines of a log. */
export type BundlePart = (masks: UidMasks) => unknown

const README = `A support bundle of Ferry. It has the state of the program and the end of its log, and no patient data:
no names, IDs or birth dates; UIDs are replaced by digests whose salt was thrown away; no keys and no secrets.
It has AE titles, names and addresses of devices, the address of the center, and names of folders and of this machine's users.

影渡的支持包：程序状态和最近的日志，不含患者信息。UID 已换成不可还原的摘要；不含密钥和口令。
包内有设备的 AE Title、名称和地址，中心地址，以及本机的文件夹名和用户名。
`

/** Writes the parts into one new tar.gz of mode 0600. A part that fails is replaced by its failure. */
export async function makeBundle(
  { clock }: Session,
  path: string,
  parts: Readonly<Record<string, BundlePart>>,
): Promise<readonly string[]> {
  // First: the parts may make root act as another user, who may not write here.
  await using file = await OutputFile.create(path)
  const masks = new UidMasks()
  const entries = [{ name: 'README.txt', content: README }]
  for (const [name, make] of Object.entries({ ...parts, 'versions.json': versions })) {
    const content = await contentOf(make, masks)
    const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`
    entries.push({ name, content: text })
  }
  await file.push(gzipSync(tarFile(entries, clock.now())))
  file.keep()
  return entries.map(({ name }) => name)
}

async function contentOf(make: BundlePart, masks: UidMasks): Promise<unknown> {
  try {
    return masks.inValue(await make(masks))
  } catch (error) {
    const { code, message }: Failure = explainAccess(failureFrom(error, 'INTERNAL', 'making the part'))
    return { code, reason: masks.inText(message) }
  }
}

function versions(): object {
  const { node, openssl } = process.versions
  const { platform, arch } = process
  return { node, openssl, platform, arch, system: `${osVersion()} ${release()}` }
}
