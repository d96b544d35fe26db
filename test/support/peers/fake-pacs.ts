import { parsePart10Header } from '../../../src/dicom/read/part10.ts'
import { until } from '../clocks/until.ts'
import { sha256, uidElement } from '../instances/spool-file-fixture.ts'
import { type StowRequest, type StowResponse, StowStub, stowModule } from './stow-stub.ts'

/** Tag and VR of SOP Instance UID in explicit VR little endian. */
const SOP_INSTANCE_UID = uidElement(0x0008, 0x0018, '').subarray(0, 6)

/**
 * A PACS that overwrites: of each SOP instance it keeps what came last. It is as lenient as the most lenient reader, so an
 * instance is filed under every SOP Instance UID that occurs anywhere in its bytes.
 */
export class FakePacs implements AsyncDisposable {
  readonly stub: StowStub
  /** SOP Instance UID → digest of the file that it shows for it. */
  readonly shown: ReadonlyMap<string, string>

  private constructor(stub: StowStub, shown: ReadonlyMap<string, string>) {
    this.stub = stub
    this.shown = shown
  }

  static async start(): Promise<FakePacs> {
    const shown = new Map<string, string>()
    const answer = ({ files }: StowRequest): StowResponse => {
      for (const file of files) for (const uid of uidsIn(file)) shown.set(uid, sha256(file))
      return { status: 200, body: stowModule(files.map(namedUid)) }
    }
    return new FakePacs(await StowStub.start(answer), shown)
  }

  get options(): { url: string; timeoutMs: number } {
    return { url: this.stub.url, timeoutMs: 10_000 }
  }

  /** Digests of all files that it was sent. */
  get received(): string[] {
    return this.stub.requests.flatMap(({ files }) => files.map(sha256))
  }

  /** Waits until it was sent this file; throws the digests of what it has instead. */
  async gets(file: Buffer): Promise<void> {
    await until(
      () => this.received,
      (digests) => digests.includes(sha256(file)),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stub[Symbol.asyncDispose]()
  }
}

const namedUid = (file: Buffer): string => parsePart10Header(file)?.sopInstanceUid ?? ''

function uidsIn(file: Buffer): string[] {
  const uids = [namedUid(file)]
  for (let at = file.indexOf(SOP_INSTANCE_UID); at !== -1; at = file.indexOf(SOP_INSTANCE_UID, at + 1)) {
    const start = at + SOP_INSTANCE_UID.length + 2
    const value = file.toString('latin1', start, start + file.readUInt16LE(start - 2))
    uids.push(...value.split('\\').map((uid) => uid.replaceAll(/[\s\0].*$|^\s+/g, '')))
  }
  return uids
}
