import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Lines that strace writes with `-f -y -xx`, unfinished calls joined with their ends. */
export interface SystemCall {
  name: string
  args: string
  /** Line on which it began, and on which it returned. */
  began: number
  ended: number
  result: string
}

/** Flags of strace that {@link SyncTrace} reads. */
export const STRACE = [
  'strace',
  '-f',
  '--seccomp-bpf',
  '-y',
  '-xx',
  '-s',
  '600',
  '-e',
  'trace=openat,fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg',
]

const SYNCS: ReadonlySet<string> = new Set(['fsync', 'fdatasync'])

/** Creations, writes and syncs of one program, in the order in which they began and returned. */
export class SyncTrace {
  readonly calls: readonly SystemCall[]
  readonly #byFile: ReadonlyMap<string, readonly SystemCall[]>
  /** By path, the line on which the call that made it had returned. */
  readonly #created: ReadonlyMap<string, number>

  constructor(traceFile: string) {
    this.calls = parseTrace(readFileSync(traceFile, 'latin1'))
    this.#created = new Map(this.calls.flatMap(creationOf))
    this.#byFile = Map.groupBy(this.calls, ({ args }) => /^\d+<([^>]*)>/.exec(args)?.[1] ?? '')
  }

  /**
   * The sync after which all that was written to the file up to a line is durable: begun after the last of these writes
   * (and after the line `from`), and returned before the line. Undefined if there is no such sync.
   */
  syncOf(path: string, before: number, from = -1): SystemCall | undefined {
    const calls = this.#byFile.get(hex(Buffer.from(path))) ?? []
    const writes = calls.filter(({ name, began }) => !SYNCS.has(name) && began < before)
    const written = Math.max(from, ...writes.map(({ ended }) => ended))
    return calls.find(({ name, began, ended, result }) => {
      return SYNCS.has(name) && began > written && ended < before && result === '0'
    })
  }

  /**
   * As {@link syncOf} for a file, and for its folder since the file's name was made. The one that returned last; undefined
   * where one of them, or the making, is missing.
   */
  syncWithName(path: string, before: number): SystemCall | undefined {
    const made = this.#created.get(hex(Buffer.from(path)))
    if (made === undefined || made >= before) return undefined
    const [data, name] = [this.syncOf(path, before), this.syncOf(dirname(path), before, made)]
    if (data === undefined || name === undefined) return undefined
    return data.ended > name.ended ? data : name
  }

  /**
   * True if a sync of the file began after the write that reached the end of these bytes, and returned before the line, and
   * the file's name was synced before it too.
   */
  isDurable({ path, offset, bytes }: SpooledPlace, before: number): boolean {
    const made = this.#created.get(hex(Buffer.from(path)))
    if (made === undefined || made >= before) return false
    if (this.syncOf(dirname(path), before, made) === undefined) return false
    const calls = this.#byFile.get(hex(Buffer.from(path))) ?? []
    // Writes without a position are those of a file that holds one instance.
    const written = calls.filter(
      ({ name, args, began }) =>
        !SYNCS.has(name) && began < before && (positionOf(name, args) ?? 0) < offset + bytes,
    )
    const last = Math.max(-1, ...written.map(({ ended }) => ended))
    return (
      last >= 0 &&
      calls.some(
        ({ name, began, ended, result }) =>
          SYNCS.has(name) && began > last && ended < before && result === '0',
      )
    )
  }

  /** Writes to a path, of which it has taken the words. */
  writesTo(path: string): { call: SystemCall; text: string }[] {
    const calls = this.#byFile.get(hex(Buffer.from(path))) ?? []
    return calls.map((call) => ({ call, text: unhex(/, "([^"]*)"/.exec(call.args)?.[1] ?? '') }))
  }
}

/** The bytes of a sealed instance on the disk. */
interface SpooledPlace {
  readonly path: string
  readonly offset: number
  readonly bytes: number
}

const isOne = (place: SpooledPlace | readonly unknown[] | undefined): place is SpooledPlace =>
  place !== undefined && 'path' in place

export interface SuccessAnswer {
  sopInstanceUid: string
  /** The spool file's data and its folder were synced before the answer was written. */
  isAfterSync: boolean
}

/**
 * Every C-STORE response with status 0000 in the trace, and whether fdatasync of the file with the instance's bytes (after the last
 * write of them) and fsync of its folder (after its name was made) had returned before the response was written to the socket. If an
 * instance is answered several times, `places` has the place for each answer, in their order.
 */
export function successAnswers(
  traceFile: string,
  places: ReadonlyMap<string, SpooledPlace | readonly (SpooledPlace | undefined)[]>,
): SuccessAnswer[] {
  const trace = new SyncTrace(traceFile)
  const counts = new Map<string, number>()
  return trace.calls
    .filter((call) => isAnswer(call, STORE_RESPONSE))
    .map((answer) => {
      const sopInstanceUid = affectedSopInstance(answer.args)
      const count = counts.get(sopInstanceUid) ?? 0
      counts.set(sopInstanceUid, count + 1)
      const found = places.get(sopInstanceUid)
      const place = isOne(found) ? found : found?.[count]
      return { sopInstanceUid, isAfterSync: place !== undefined && trace.isDurable(place, answer.began) }
    })
}

/**
 * Every response with status 0000 and one of these command fields, and whether the database's log had been written and
 * synced to its end between the answer before it and this one, so that it promises nothing that is not on the disk.
 */
export function committedAnswers(
  traceFile: string,
  walPath: string,
  commandFields: readonly number[],
): { commandField: number; isAfterSync: boolean }[] {
  const trace = new SyncTrace(traceFile)
  const answers = trace.calls.flatMap((call) => {
    const commandField = commandFields.find((field) => isAnswer(call, field))
    return commandField === undefined ? [] : [{ commandField, call }]
  })
  return answers.map(({ commandField, call }, i) => {
    const before = answers[i - 1]?.call.ended ?? -1
    const isWritten = trace.writesTo(walPath).some(({ call: write }) => {
      return !SYNCS.has(write.name) && write.began > before && write.ended < call.began
    })
    const isAfterSync = isWritten && trace.syncOf(walPath, call.began, before) !== undefined
    return { commandField, isAfterSync }
  })
}

/** The offset of a pwrite64 or pwritev; undefined for calls that write where the file is. */
function positionOf(name: string, args: string): number | undefined {
  const position = /, (\d+)$/.exec(args)?.[1]
  return name.startsWith('pwrite') && position !== undefined ? Number(position) : undefined
}

function creationOf({ name, args, ended, result }: SystemCall): [string, number][] {
  const path = /, "([^"]*)", [A-Z_|]*O_CREAT/.exec(args)?.[1]
  return name !== 'openat' || path === undefined || result.startsWith('-') ? [] : [[path, ended]]
}

function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, SystemCall>()
  for (const [line, content] of text.split('\n').entries()) {
    const resumed = /^(\d+) +<\.\.\. (\w+) resumed>.*?= (-?\w+)/.exec(content)
    if (resumed !== null) {
      const call = unfinished.get(`${resumed[1]} ${resumed[2]}`)
      if (call !== undefined) Object.assign(call, { ended: line, result: resumed[3] })
      continue
    }
    const begun = /^(\d+) +(\w+)\((.*)$/.exec(content)
    if (begun === null) continue
    const [, thread = '', name = '', rest = ''] = begun
    const complete = /^(.*)\) += (-?\w+)/.exec(rest)
    const args = complete?.[1] ?? rest.replace(/ <unfinished \.\.\.>$/, '')
    const call = {
      name,
      args,
      began: line,
      ended: complete === null ? Number.POSITIVE_INFINITY : line,
      result: complete?.[2] ?? '',
    }
    calls.push(call)
    if (complete === null) unfinished.set(`${thread} ${name}`, call)
  }
  return calls
}

/** (0000,0100) Command Field and (0000,0900) Status 0000H, both in Implicit VR Little Endian. */
const COMMAND_FIELD = [0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00]
const STORE_RESPONSE = 0x8001
const STATUS_SUCCESS = hex([0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00])
const AFFECTED_SOP_INSTANCE = hex([0x00, 0x00, 0x00, 0x10])

function isAnswer({ name, args }: SystemCall, commandField: number): boolean {
  const field = hex([...COMMAND_FIELD, commandField & 0xff, commandField >> 8])
  return !SYNCS.has(name) && args.includes(field) && args.includes(STATUS_SUCCESS)
}

/** (0000,1000) of the command set in a written P-DATA-TF. */
function affectedSopInstance(args: string): string {
  const element = args.slice(args.indexOf(AFFECTED_SOP_INSTANCE) + AFFECTED_SOP_INSTANCE.length)
  const bytes = Buffer.from(element.replaceAll('\\x', '').replace(/[^0-9a-f].*$/s, ''), 'hex')
  return bytes.toString('latin1', 4, 4 + bytes.readUInt32LE(0)).replace(/\0+$/, '')
}

/** As strace -xx shows strings, and with -y the paths of descriptors. */
function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

function unhex(text: string): string {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex').toString('latin1')
}
