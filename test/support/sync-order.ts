import { readFileSync } from 'node:fs'

/** What strace shows to write with `-f -y -xx`, unfinished calls joined with their ends. */
interface SystemCall {
  name: string
  args: string
  /** Line on which it began, and on which it returned. */
  began: number
  ended: number
  result: string
}

/** Flags of strace that {@link successesBeforeSync} reads. */
export const STRACE = [
  'strace',
  '-f',
  '-y',
  '-xx',
  '-s',
  '600',
  '-e',
  'trace=fsync,fdatasync,write,writev,sendto,sendmsg',
]

export interface SuccessAnswer {
  sopInstanceUid: string
  /** The spool file's data and its folder were synced before the answer was written. */
  isAfterSync: boolean
}

/**
 * Every C-STORE response with status 0000 in the trace, and whether fdatasync of the instance's spool file and then fsync
 * of its folder had returned before the response was written to the socket.
 */
export function successAnswers(traceFile: string, spoolPaths: ReadonlyMap<string, string>): SuccessAnswer[] {
  const calls = parseTrace(readFileSync(traceFile, 'latin1'))
  return calls.filter(isSuccess).map((answer) => {
    const sopInstanceUid = affectedSopInstance(answer.args)
    const path = spoolPaths.get(sopInstanceUid) ?? 'none'
    const folder = path.replace(/\/[^/]+$/, '')
    const dataSync = calls.find((call) => {
      return call.name === 'fdatasync' && isOn(call, path) && call.result === '0' && call.ended < answer.began
    })
    const folderSync = calls.find((call) => {
      const isFolder = call.name === 'fsync' && isOn(call, folder) && call.result === '0'
      return isFolder && dataSync !== undefined && call.began > dataSync.ended && call.ended < answer.began
    })
    return { sopInstanceUid, isAfterSync: folderSync !== undefined }
  })
}

function isOn({ args }: SystemCall, path: string): boolean {
  return args.endsWith(`<${hex(Buffer.from(path))}>`)
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

/** Message type C-STORE-RSP, (0000,0100) = 8001H, and status 0000H, (0000,0900), both in Implicit VR Little Endian. */
const STORE_RESPONSE = hex([0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x01, 0x80])
const STATUS_SUCCESS = hex([0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00])
const AFFECTED_SOP_INSTANCE = hex([0x00, 0x00, 0x00, 0x10])

function isSuccess({ name, args }: SystemCall): boolean {
  const isWrite = name !== 'fsync' && name !== 'fdatasync'
  return isWrite && args.includes(STORE_RESPONSE) && args.includes(STATUS_SUCCESS)
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
