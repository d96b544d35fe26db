import { expect, test } from '@jest/globals'
import { InstanceChecker } from '../../../src/agent/arrival/check-instance.ts'
import { DataSetHeadScanner } from '../../../src/dicom/find/data-set-head.ts'
import { DisplayReader } from '../../../src/dicom/find/display-attributes.ts'
import { kindCase } from '../../support/kinds/all-kinds.ts'
import type { KindCase } from '../../support/kinds/kind-case.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { Random, seedOfRun } from '../../support/random.ts'

const SEED = seedOfRun()
const CASES = propertyRuns(1600)
const LONGEST_PIECE = 40_000

/** The data set in pieces; `isOverwritten`: all in the same memory, each gone when the next one comes. */
function* pieces(dataSet: Buffer, random: Random, isOverwritten: boolean): Generator<Buffer> {
  const memory = Buffer.alloc(LONGEST_PIECE)
  for (let at = 0; at < dataSet.length; ) {
    const piece = dataSet.subarray(at, at + random.between(1, LONGEST_PIECE))
    at += piece.length
    if (!isOverwritten) yield Buffer.from(piece)
    else {
      piece.copy(memory)
      yield memory.subarray(0, piece.length)
      memory.fill(0x5a)
    }
  }
}

/** All that is read from an instance while it passes. */
async function readings({ dataSet, transferSyntaxUid }: KindCase, seed: number, isOverwritten: boolean) {
  const checker = new InstanceChecker(transferSyntaxUid)
  const display = new DisplayReader(transferSyntaxUid)
  const scanner = new DataSetHeadScanner(transferSyntaxUid)
  for (const piece of pieces(dataSet, new Random(seed), isOverwritten)) {
    display.push(piece)
    const checked = checker.push(piece)
    scanner.push(piece)
    if (isOverwritten) piece.fill(0xa5)
    await checked
  }
  const findings = await checker.finish()
  return { findings, head: scanner.head, fields: display.fields(), attributes: display.attributes(undefined) }
}

test(`what reads an instance while it passes keeps nothing of the memory of a piece (FERRY_SEED=${SEED})`, async () => {
  for (let number = 0; number < CASES; number++) {
    const made = kindCase(SEED, number)
    const kept = await readings(made, SEED + number, false)
    expect({ number, ...(await readings(made, SEED + number, true)) }).toEqual({ number, ...kept })
  }
}, 120_000)

test('control: one that keeps pieces is found', () => {
  const { dataSet } = kindCase(SEED, 0)
  const keptOf = (isOverwritten: boolean) =>
    Buffer.concat(Array.from(pieces(dataSet, new Random(SEED), isOverwritten)))
  expect(keptOf(false).equals(dataSet)).toBe(true)
  expect(keptOf(true).equals(dataSet)).toBe(false)
})
