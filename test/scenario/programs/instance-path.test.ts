import { expect, test } from '@jest/globals'
import { readWalk } from '../../support/instance-walk.ts'
import { executedFiles } from '../../support/programs/executed-files.ts'

const { toSuccess, toReceipt } = readWalk()

test('one plain C-STORE runs every file of the walk to Success, and its receipt runs the others', async () => {
  const { success, receipt } = await executedFiles()
  expect(toSuccess.filter(({ file }) => !success.includes(file))).toEqual([])
  expect(toReceipt.filter(({ file }) => !receipt.includes(file) && !success.includes(file))).toEqual([])
  // Files that are only loaded do not count.
  expect(success).not.toContain('agent/deidentify/deidentification.ts')
  expect(receipt).not.toContain('center/hand-on/hand-on.ts')
}, 120_000)
