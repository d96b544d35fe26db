import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { OUTCOME } from '../src/agent/settle/decide-commitment.ts'
import { loadAgentSettings } from '../src/config/agent-settings.ts'
import {
  COMMITMENT_SOP_CLASS_UID,
  COMMITMENT_SOP_INSTANCE_UID,
} from '../src/dicom/edit/commitment-data-set.ts'
import { PROCEDURE_STEP_SOP_CLASS_UID } from '../src/dicom/edit/procedure-step-data-set.ts'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../src/dicom/read/part10.ts'
import { isStorageSopClass } from '../src/dicom/vocabulary/sop-class.ts'
import { SOP_CLASS_NAMES } from '../src/dicom/vocabulary/sop-class-table.ts'
import { STORAGE_STATUS } from '../src/dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../src/dicom/vocabulary/transfer-syntax.ts'
import { REJECTION } from '../src/dimse/association/association-rejection.ts'
import { SERVICE_STATUS } from '../src/dimse/association/service.ts'
import { DEFAULT_TIMEOUTS } from '../src/dimse/scu/requestor-timeouts.ts'
import { DEFAULT_LIMITS, MAX_ASSOCIATE_LENGTH, MAX_COMMAND_LENGTH } from '../src/dimse/wire/dimse-limits.ts'
import { tempFolder } from './support/temp-folder.ts'

const KIB = 1024
const MIB = 1024 * KIB
const DOCUMENT = readFileSync('docs/conformance-statement.md', 'utf8')

/** The cells of the table under the given head row. */
function table(head: string): string[][] {
  const rows = DOCUMENT.split(`\n| ${head} |\n`)[1]?.split('\n\n')[0]?.trimEnd().split('\n').slice(1) ?? []
  return rows.map((row) => row.slice(2, -2).split(' | '))
}

const firstCells = (head: string): string[] => table(head).map(([cell = '']) => cell)

/** Returns the text in the column after the name, in any table of two columns. */
function beside(name: string): string {
  const line = DOCUMENT.split('\n').find((row) => row.startsWith(`| ${name} | `))
  return line?.slice(name.length + 5, -2) ?? ''
}

const hex = (status: number): string => status.toString(16).padStart(4, '0').toUpperCase()

/** The statuses of one set that source files name. */
function named(set: string, statuses: Readonly<Record<string, number>>, files: readonly string[]): string[] {
  const words = files.flatMap((file) =>
    Array.from(
      readFileSync(file, 'utf8').matchAll(/\b(?:STORAGE|SERVICE)_STATUS\.(\w+)/g),
      ([, word = '']) => word,
    ),
  )
  expect([set, words.length > 0]).toEqual([set, true])
  return Array.from(new Set(words.map((word) => hex(statuses[word] ?? -1)))).toSorted()
}

function defaults(): ReturnType<typeof loadAgentSettings> {
  using folder = tempFolder()
  writeFileSync(folder.join('ferry.yaml'), '')
  return loadAgentSettings(folder.join('ferry.yaml'))
}

test('annex A of the conformance statement lists exactly the storage SOP classes that are accepted', () => {
  const accepted = Array.from(SOP_CLASS_NAMES).filter(([uid]) => isStorageSopClass(uid))
  expect(accepted.length).toBeGreaterThan(150)
  expect(table('SOP class | UID')).toEqual(accepted.map(([uid, name]) => [name, uid]))
})

test('the agent refuses all that the conformance statement says to be refused, and accepts all that it promises', () => {
  const root = '1.2.840.10008.5.1.4.1.1'
  expect(DOCUMENT).toContain(`${root}.200.4 to .200.6, ${root}.201.2 to .201.6`)
  const refused = [
    '1.2.840.10008.1.3.10',
    ...[4, 5, 6].map((n) => `${root}.200.${n}`),
    ...[2, 3, 4, 5, 6].map((n) => `${root}.201.${n}`),
  ]
  expect(refused.filter((uid) => isStorageSopClass(uid))).toEqual([])
  expect([`${root}.9999`, '1.3.12.2.1107.5.9.1'].filter((uid) => !isStorageSopClass(uid))).toEqual([])
})

test('annex B lists exactly the transfer syntaxes that are known', () => {
  expect(table('transfer syntax | UID')).toEqual(Object.entries(TRANSFER_SYNTAX))
})

test('its identification is that of the code', () => {
  expect(beside('Implementation Class UID')).toBe(IMPLEMENTATION_CLASS_UID)
  expect(beside('Implementation Version Name')).toBe(`\`${IMPLEMENTATION_VERSION_NAME}\``)
  expect(DOCUMENT).toContain(`\n${COMMITMENT_SOP_CLASS_UID}, in`)
  expect(DOCUMENT).toContain(`instance ${COMMITMENT_SOP_INSTANCE_UID} |`)
})

test('its rejections are those that are given', () => {
  const given = Object.values(REJECTION).map(
    ({ words, result }) => `${words} ${result === 1 ? 'permanent' : 'transient'}`,
  )
  const stated = table('rejection | result | when').map(([words, result]) => `${words} ${result}`)
  expect(stated.toSorted()).toEqual(given.toSorted())
})

test('its C-STORE statuses are those that the code answers', () => {
  const files = [
    'src/agent/intake/intake.ts',
    'src/agent/arrival/check-instance.ts',
    'src/dimse/scp/store-service.ts',
  ]
  expect(firstCells('C-STORE status | when').toSorted()).toEqual(named('C-STORE', STORAGE_STATUS, files))
})

test('its N-ACTION statuses and outcomes are those that the code answers', () => {
  const files = ['src/agent/arrival/commitment-service.ts', 'src/dimse/scp/perform-request.ts']
  expect(firstCells('N-ACTION status | when').toSorted()).toEqual(named('N-ACTION', SERVICE_STATUS, files))
  const [committed, ...failures] = firstCells('outcome of an instance | when')
  expect(committed).toBe('committed')
  expect(failures.map((cell) => cell.slice(0, 4)).toSorted()).toEqual(
    Object.values(OUTCOME)
      .filter((outcome) => outcome !== 0)
      .map(hex)
      .toSorted(),
  )
})

test('its statuses of procedure steps are those that the code answers', () => {
  const files = ['src/agent/arrival/procedure-step-service.ts', 'src/dimse/scp/perform-request.ts']
  const stated = firstCells('N-CREATE or N-SET status | when').toSorted()
  expect(stated).toEqual(named('N-CREATE', SERVICE_STATUS, files))
  expect(DOCUMENT).toContain(`\n${PROCEDURE_STEP_SOP_CLASS_UID}, in`)
})

test('its limits are those of the code and of the default settings', () => {
  const { limits, listener, commitment } = defaults()
  const { waiting, waitingPerPeer, associationsKept } = DEFAULT_LIMITS
  const { requestMs, pduMs, requestBytesEach, requestBytes } = DEFAULT_LIMITS
  expect(beside('connections without an association')).toBe(
    `${waiting} in all, ${waitingPerPeer} from one address; ${waiting} more are kept for addresses of listed devices`,
  )
  expect(beside('associations')).toBe(
    `${limits.associations} in all (\`limits.associations\`), ${limits.associationsPerPeer} from one address (\`limits.associationsPerPeer\`); ${associationsKept} are kept for addresses of listed devices`,
  )
  expect(beside('A-ASSOCIATE-RQ')).toContain(
    `within ${requestMs / 1000} s, at most ${MAX_ASSOCIATE_LENGTH / KIB} KiB`,
  )
  expect(beside('inside a message')).toBe(`${pduMs / 1000} s from PDU to PDU`)
  expect(beside('between messages')).toBe(`${limits.idleMs / 60_000} min (\`limits.idle\`)`)
  expect(beside('command set')).toBe(`at most ${MAX_COMMAND_LENGTH / KIB} KiB`)
  expect(beside('instance')).toContain(`at most ${limits.instanceBytes / MIB / KIB} GiB`)
  expect(beside('data set of N-ACTION')).toContain(
    `at most ${requestBytesEach / MIB} MiB, ${requestBytes / MIB} MiB in all`,
  )
  expect(beside('maximum PDU announced')).toContain(`${limits.pduBytes.toLocaleString('en')} bytes`)
  expect(beside('port')).toContain(`${listener.port} `)
  expect(beside('AE titles')).toContain(`\`${listener.aeTitles.join()}\``)
  const { connectMs, associateMs, responseMs } = DEFAULT_TIMEOUTS
  expect(beside('connection, answer to A-ASSOCIATE-RQ')).toBe(
    `${connectMs / 1000} s, ${associateMs / 1000} s`,
  )
  expect(beside('response')).toBe(`${responseMs / 1000} s`)
  expect(beside('0112 no such object instance')).toContain(`${commitment.arrivalMs / 3_600_000} h`)
  expect(beside('0110 processing failure')).toContain(`${commitment.receiptMs / 86_400_000} days`)
  expect(DOCUMENT).toContain(`for ${commitment.reportMs / 86_400_000} days (\`commitment.report\`)`)
})
