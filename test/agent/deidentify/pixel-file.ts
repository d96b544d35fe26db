import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Deidentification } from '../../../src/agent/deidentify/deidentification.ts'
import type { DeidProfile, PixelRegion } from '../../../src/agent/deidentify/element/profile.ts'
import type { PixelCodecs } from '../../../src/agent/deidentify/pixels/pixel-codec.ts'
import { type PixelImage, readPixelImage } from '../../../src/agent/deidentify/pixels/pixel-image.ts'
import { DataSetEditor, editDataSet } from '../../../src/dicom/edit/data-set-editor.ts'
import { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { encodePart10Header, parsePart10Header } from '../../../src/dicom/read/part10.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_LITTLE } from '../../dicom/build-data-set.ts'
import { TEST_KEY } from './deidentify-element.ts'

const PATIENT_NAME = TAG.PatientName

export interface PixelFile {
  readonly transferSyntaxUid: string
  readonly sopClassUid: string
  readonly dataSet: Buffer
  readonly head: ElementList
  readonly image: PixelImage
  /** Native pixel data; empty for encapsulated. */
  readonly pixels: Buffer
  /** The offset table first; empty for native. */
  readonly fragments: readonly Buffer[]
}

export function openPixelFile(dataSet: Buffer, transferSyntaxUid: string): PixelFile {
  let head = new ElementList(EXPLICIT_LITTLE)
  let isHead = true
  const fragments: Buffer[][] = []
  const pixels: Buffer[] = []
  editDataSet(dataSet, transferSyntaxUid, {
    edit: (part) => {
      if (isHead) head = part
      isHead = false
    },
    large: ({ tag }) => ({
      push: (token) => {
        if (tag !== TAG.PixelData) return []
        if (token.kind === 'fragment') fragments.push([])
        if (token.kind === 'value') (fragments.at(-1) ?? pixels).push(Buffer.from(token.bytes))
        return []
      },
    }),
  })
  return {
    transferSyntaxUid,
    sopClassUid: head.find(TAG.SOPClassUID)?.value.toString('latin1').replace(/\0$/, '') ?? '',
    dataSet,
    head,
    image: readPixelImage(head),
    pixels: Buffer.concat(pixels),
    fragments: fragments.map((parts) => Buffer.concat(parts)),
  }
}

export function readPixelFile(path: string): PixelFile {
  const bytes = readFileSync(path)
  const header = parsePart10Header(bytes)
  if (header === undefined) throw new Error(`${path} is no DICOM file`)
  const { transferSyntaxUid } = header
  return openPixelFile(withPatient(bytes.subarray(header.headerBytes), transferSyntaxUid), transferSyntaxUid)
}

/** Some files of the corpus were stripped of their patient; without name and ID nothing leaves. */
function withPatient(dataSet: Buffer, transferSyntaxUid: string): Buffer {
  let isHead = true
  return editDataSet(dataSet, transferSyntaxUid, {
    edit: (part) => {
      if (isHead && part.find(PATIENT_NAME) === undefined)
        part.set(PATIENT_NAME, 'PN', Buffer.from('Invented^A'))
      isHead = false
    },
    large: () => 'keep',
  })
}

/** De-identifies as the agent does, in chunks of that size; an instance by the device US1. */
export function deidentifyPixels(
  {
    dataSet,
    transferSyntaxUid,
    sopClassUid,
  }: Pick<PixelFile, 'dataSet' | 'transferSyntaxUid' | 'sopClassUid'>,
  profile: DeidProfile,
  { codecs, chunkBytes = 65_536 }: { codecs?: PixelCodecs | undefined; chunkBytes?: number } = {},
): PixelFile & { readonly areClean: boolean } {
  const source = { device: 'US1', callingAeTitle: 'ULTRASOUND' }
  const edits = new Deidentification({
    profile,
    key: TEST_KEY,
    source,
    sopClassUid,
    transferSyntaxUid,
    codecs,
  })
  const editor = new DataSetEditor(transferSyntaxUid, edits)
  const out: Buffer[] = []
  for (let at = 0; at < dataSet.length; at += chunkBytes) {
    const chunk = Buffer.from(dataSet.subarray(at, at + chunkBytes))
    out.push(...editor.push(chunk).map((bytes) => Buffer.from(bytes)))
    // The agent's buffers are used again.
    chunk.fill(0x55)
  }
  out.push(...editor.finish())
  const file = openPixelFile(Buffer.concat(out), edits.transferSyntaxUid)
  return { ...file, areClean: edits.audit().pixelsAreClean }
}

/** Returns the output of a DCMTK program such as dcmdjpeg for it. */
export function throughDcmtk(file: PixelFile, program: string, ...options: readonly string[]): PixelFile {
  return withFile(file, (path, folder) => {
    const made = join(folder, 'made.dcm')
    execFileSync(program, [...options, path, made], { stdio: 'pipe' })
    return readPixelFile(made)
  })
}

/** The complaints that dciodvfy calls errors, once each; without the values that it repeats. */
export function dciodvfyErrors(file: PixelFile): string[] {
  const text = withFile(file, (path) =>
    execFileSync('sh', ['-c', 'dciodvfy "$1" 2>&1 || true', 'sh', path], { encoding: 'utf8' }),
  )
  const errors = text.split('\n').filter((line) => line.startsWith('Error'))
  return Array.from(new Set(errors.map((line) => line.replaceAll(/ = <[^>]*>|[\d.]+$/g, ''))))
}

/** Writes it to a file for as long as it is used. */
export function withFile<Answer>(file: PixelFile, use: (path: string, folder: string) => Answer): Answer {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-pixels-'))
  try {
    const path = join(folder, 'instance.dcm')
    const { transferSyntaxUid, sopClassUid } = file
    const header = encodePart10Header({ transferSyntaxUid, sopClassUid, sopInstanceUid: '1.2.3' })
    writeFileSync(path, Buffer.concat([header, file.dataSet]))
    return use(path, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How many pixels within the regions are not `black`, and how many outside are not what they were; both native. */
export function compareMasked(
  before: PixelFile,
  after: PixelFile,
  regions: readonly PixelRegion[],
  black: readonly number[],
): { visible: number; changed: number; masked: number } {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated } = before.image
  const pixelBytes = (samplesPerPixel * bitsAllocated) / 8
  const [expected, is] = [Buffer.from(pixelByPixel(before)), pixelByPixel(after)]
  const isInside = new Uint8Array(frames * rows * columns)
  const blackPixel = Buffer.concat(black.map((value) => sampleBytes(value, bitsAllocated / 8, isBig(before))))
  for (let row = 0; row < frames * rows; row++) {
    for (const { x, y, width, height } of regions) {
      if (row % rows < y || row % rows >= y + height) continue
      const [from, to] = [row * columns + x, row * columns + x + width]
      isInside.fill(1, from, to)
      expected.fill(blackPixel, from * pixelBytes, to * pixelBytes)
    }
  }
  const counts = { visible: 0, changed: 0, masked: isInside.reduce((sum, one) => sum + one, 0) }
  if (expected.equals(is)) return counts
  for (let pixel = 0; pixel < isInside.length; pixel++) {
    const end = (pixel + 1) * pixelBytes
    if (expected.compare(is, pixel * pixelBytes, end, pixel * pixelBytes, end) === 0) continue
    counts[isInside[pixel] === 1 ? 'visible' : 'changed']++
  }
  return counts
}

const isBig = ({ transferSyntaxUid }: PixelFile): boolean =>
  transferSyntaxUid === TRANSFER_SYNTAX.ExplicitVRBigEndian

function sampleBytes(value: number, bytes: number, bigEndian: boolean): Buffer {
  const sample = Buffer.alloc(bytes)
  if (bigEndian) sample.writeUIntBE(value, 0, bytes)
  else sample.writeUIntLE(value, 0, bytes)
  return sample
}

/** The pixels without padding, planes made into triples. */
function pixelByPixel({ image, pixels }: PixelFile): Buffer {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated, isPlanar } = image
  const [plane, bytes] = [rows * columns, bitsAllocated / 8]
  const count = frames * plane * samplesPerPixel
  if (!isPlanar) return pixels.subarray(0, count * bytes)
  const out = Buffer.alloc(count * bytes)
  for (let at = 0; at < count; at++) {
    const frame = Math.floor(at / (plane * samplesPerPixel))
    const sample = Math.floor(at / plane) % samplesPerPixel
    const to = ((frame * plane + (at % plane)) * samplesPerPixel + sample) * bytes
    for (let byte = 0; byte < bytes; byte++) out[to + byte] = pixels[at * bytes + byte] ?? 0
  }
  return out
}
