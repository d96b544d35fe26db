import type { StowResponse } from '../../../src/dicomweb/stow-answer.ts'
import { Random } from '../random.ts'

/** Plays a patient's name, which a server may repeat in its answer. */
export const PATIENT = 'Doe^Jane'
export const SECRET = 'state=s3cret'

/** An answer to STOW-RS with what its maker knows of it. */
export interface StowAnswerCase {
  readonly name: string
  readonly response: StowResponse
  /** SOP Instance UIDs of the request. */
  readonly asked: readonly string[]
  /** The request's instances that a readable module lists as stored, and those that it lists as failed with this reason. */
  readonly stored: ReadonlySet<string>
  readonly failed: ReadonlyMap<string, number | undefined>
  /** True if the body says nothing against what the status says: it is empty, or a module without any instance. */
  readonly isSilent: boolean
  /** True if the body is a module that can be read. */
  readonly isModule: boolean
}

type Body = Pick<StowAnswerCase, 'stored' | 'failed' | 'isSilent' | 'isModule'> & {
  readonly name: string
  readonly text: string
  readonly type: string
}

const STATUSES = [
  200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402,
  403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425,
  426, 428, 429, 431, 444, 451, 494, 499, 500, 501, 502, 503, 504, 505, 507, 508, 510, 511, 520, 521, 522,
  523, 524, 525, 526, 530, 599,
]
const REASONS = [
  0, 0x0105, 0x0106, 0x0110, 0x0111, 0x0112, 0x0117, 0x0119, 0x0120, 0x0121, 0x0122, 0x0124, 0x0210, 0x0213,
  0xa700, 0xa7ff, 0xa900, 0xa901, 0xb000, 0xb006, 0xb007, 0xb00e, 0xb00f, 0xb100, 0xc000, 0xc122, 0xc409,
  0xffff, 1, 272,
]
const TYPES = [
  'application/dicom+json',
  'application/dicom+xml',
  'application/json',
  'text/html; charset=utf-8',
  'text/plain',
  '',
  'application/octet-stream',
]

/** The number of cases; FERRY_KIND_CASES sets another one. */
export function stowAnswerCount(byDefault: number): number {
  return Number(process.env['FERRY_KIND_CASES'] ?? byDefault)
}

/** The same seed makes the same answers. */
export function* stowAnswers(seed: number, count: number): Generator<StowAnswerCase> {
  const random = new Random(seed)
  for (let number = 0; number < count; number++) {
    const asked = Array.from({ length: 1 + random.below(3) }, () => uid(random))
    const status = random.pick(STATUSES)
    const { name, text, type, ...known } = random.pick(BODIES)(random, asked)
    const contentType = random.below(5) === 0 ? random.pick(TYPES) : type
    const isRedirect = status >= 300 && status < 400
    const response: StowResponse = {
      status,
      contentType,
      location: isRedirect && random.below(4) > 0 ? 'https://login.example/start' : undefined,
      retryAfterMs: random.below(4) === 0 ? random.below(100_000) : undefined,
      body: text,
      isWhole: true,
    }
    yield { name: `${seed}/${number}: ${status} ${contentType} ${name}`, response, asked, ...known }
  }
}

const NOTHING = { stored: new Set<string>(), failed: new Map<string, number | undefined>() }
const BODIES: readonly ((random: Random, asked: readonly string[]) => Body)[] = [
  () => other('empty', '', 'application/dicom+json', { isSilent: true }),
  () => other('blank', ' \r\n', 'text/plain', { isSilent: true }),
  (random) =>
    other(
      'module without instances',
      random.pick([
        '{}',
        '[]',
        'null',
        '[{}]',
        '{"00081190":{"vr":"UR","Value":["http://pacs/studies/1"]}}',
        '{"00081199":{"vr":"SQ"}}',
        '<NativeDicomModel/>',
      ]),
      'application/dicom+json',
      { isSilent: true, isModule: true },
    ),
  (random, asked) => module(random, asked, asJson),
  (random, asked) => module(random, asked, asJson),
  (random, asked) => module(random, asked, (items) => `[${asJson(items)}]`),
  (random, asked) => module(random, asked, asXml),
  (random, asked) => cut(random, module(random, asked, asJson)),
  (random, asked) => cut(random, module(random, asked, asXml)),
  (random, asked) => {
    const strangers = {
      stored: [{ uid: uid(random) }],
      failed: [{ uid: uid(random), reason: random.pick(REASONS) }],
    }
    const name = `module of others than ${asked.length} asked`
    return other(name, asJson(strangers), 'application/dicom+json', { isModule: true })
  },
  (random) =>
    other(
      'page',
      random.pick([
        `<!DOCTYPE html><html><body>${PATIENT} 403</body></html>`,
        `\n<!-- x --><HTML>${PATIENT}</HTML>`,
        `<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C"><html/>`,
      ]),
      'text/html',
    ),
  (random) =>
    other(
      'error of a gateway',
      random.pick([
        '{"code":401,"msg":"token expired"}',
        '{"error":{"status":"UNAUTHENTICATED"}}',
        '[1,2]',
        '"ok"',
        'true',
        '7',
        '{"00081199x":{}}',
        '<error/>',
        '<Fault><Value>1</Value></Fault>',
      ]),
      'application/json',
    ),
  () => other('words', `OK ${PATIENT}`, 'text/plain'),
  (random) =>
    other(
      'rubbish',
      String.fromCharCode(...Array.from({ length: 200 }, () => random.below(0xd7ff))),
      'application/octet-stream',
    ),
  () => other('huge page', `<html>${'x'.repeat(100_000)}`, 'text/html'),
  () => other('deep XML', '<NativeDicomModel>'.repeat(500), 'application/dicom+xml'),
  () => other('deep JSON', `${'['.repeat(500)}${']'.repeat(500)}`, 'application/dicom+json'),
]

interface Item {
  readonly uid: string | undefined
  readonly warning?: number
  readonly reason?: number | string
}

/** Lists some of the asked instances as stored, some as failed, some not at all, and sometimes strangers among them. */
function module(
  random: Random,
  asked: readonly string[],
  write: (items: { stored: readonly Item[]; failed: readonly Item[] }) => string,
): Body {
  const stored: Item[] = []
  const failed: Item[] = []
  for (const one of asked) {
    const kind = random.below(8)
    const shown = random.below(6) === 0 ? `${one}\0` : one
    if (kind < 4)
      stored.push(
        kind === 0 ? { uid: shown, warning: random.pick([0xb000, 0xb006, 0xb007, 1]) } : { uid: shown },
      )
    if (kind === 4 || kind === 5 || kind === 0) {
      const reason = random.pick(REASONS)
      failed.push({
        uid: shown,
        ...(random.below(6) === 0 ? {} : { reason: random.below(6) === 0 ? String(reason) : reason }),
      })
    }
    if (kind === 6) failed.push({ uid: undefined, reason: random.pick(REASONS) })
  }
  if (random.below(4) === 0) stored.push({ uid: uid(random) })
  if (random.below(4) === 0) failed.push({ uid: uid(random), reason: random.pick(REASONS) })
  const failures = new Map<string, number | undefined>()
  for (const item of failed) {
    const one = item.uid?.replace('\0', '') ?? (asked.length === 1 ? asked[0] : undefined)
    if (one !== undefined && asked.includes(one))
      failures.set(one, item.reason === undefined ? undefined : Number(item.reason))
  }
  const named = stored.flatMap(({ uid: one }) => one?.replace('\0', '') ?? [])
  return {
    name: `module ${stored.length}+${failed.length}`,
    text: write({ stored, failed }),
    type: write === asXml ? 'application/dicom+xml' : 'application/dicom+json',
    stored: new Set(named.filter((one) => asked.includes(one) && !failures.has(one))),
    failed: failures,
    isSilent: stored.length + failed.length === 0,
    isModule: true,
  }
}

function cut(random: Random, { text, type }: Body): Body {
  return other('cut module', text.slice(0, 1 + random.below(Math.max(1, text.length - 2))), type)
}

function other(name: string, text: string, type: string, known: Partial<Body> = {}): Body {
  return { name, text, type, ...NOTHING, isSilent: false, isModule: false, ...known }
}

function asJson({ stored, failed }: { stored: readonly Item[]; failed: readonly Item[] }): string {
  const unnamed = failed.filter(({ uid: one }) => one === undefined)
  const named = failed.filter(({ uid: one }) => one !== undefined)
  return JSON.stringify({
    '00100010': { vr: 'PN', Value: [{ Alphabetic: PATIENT }] },
    ...(stored.length > 0 ? { '00081199': { vr: 'SQ', Value: stored.map(jsonItem) } } : {}),
    ...(named.length > 0 ? { '00081198': { vr: 'SQ', Value: named.map(jsonItem) } } : {}),
    ...(unnamed.length > 0 ? { '0008119A': { vr: 'SQ', Value: unnamed.map(jsonItem) } } : {}),
  })
}

const jsonElement = (vr: string, value: number | string | undefined) =>
  value === undefined ? undefined : { vr, Value: [value] }

const jsonItem = ({ uid: one, warning, reason }: Item) => ({
  '00081150': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
  '00081155': jsonElement('UI', one),
  '00081196': jsonElement('US', warning),
  '00081197': jsonElement('US', reason),
})

function asXml({ stored, failed }: { stored: readonly Item[]; failed: readonly Item[] }): string {
  const name = `<PersonName number="1"><Alphabetic><FamilyName>${PATIENT}</FamilyName></Alphabetic></PersonName>`
  return `<?xml version="1.0" encoding="UTF-8"?>
<NativeDicomModel xml:space="preserve"><DicomAttribute tag="00100010" vr="PN">${name}</DicomAttribute>${xmlSequence('00081199', stored)}${xmlSequence('00081198', failed)}</NativeDicomModel>`
}

function xmlSequence(tag: string, items: readonly Item[]): string {
  if (items.length === 0) return ''
  const texts = items.map(
    ({ uid: one, warning, reason }, index) =>
      `<Item number="${index + 1}">${xmlElement('00081155', 'UI', one)}${xmlElement('00081196', 'US', warning)}${xmlElement('00081197', 'US', reason)}</Item>`,
  )
  return `<DicomAttribute tag="${tag}" vr="SQ" keyword="x">${texts.join('\n')}</DicomAttribute>`
}

function xmlElement(tag: string, vr: string, value: number | string | undefined): string {
  if (value === undefined) return ''
  const text = String(value).replace('\0', '')
  return `<DicomAttribute tag="${tag}" vr="${vr}"><Value number="1">${text}</Value></DicomAttribute>`
}

const uid = (random: Random): string => `2.25.${random.below(2 ** 31)}${random.below(2 ** 31)}`
