import { expect, test } from '@jest/globals'
import { keyOf } from '../../../src/agent/deidentify/rules/profile-key.ts'
import { ProjectKey } from '../../../src/agent/deidentify/rules/project-key.ts'

const project = new ProjectKey(Buffer.alloc(32, 7))
const made = (key: ProjectKey): readonly unknown[] => [
  key.uid('1.2.3'),
  key.pseudonym('patient', 'P'),
  key.dayShift('P'),
  key.mark('P'),
]

test('the pseudonyms of two profiles for one patient cannot be joined, and each profile repeats its own', () => {
  const [teaching, vendor] = [
    made(keyOf({ name: 'teaching' }, project)),
    made(keyOf({ name: 'vendor' }, project)),
  ]
  for (const [i, one] of teaching.entries()) expect(vendor[i]).not.toBe(one)
  for (const [i, one] of teaching.entries()) expect(made(project)[i]).not.toBe(one)
  expect(made(keyOf({ name: 'teaching' }, new ProjectKey(Buffer.alloc(32, 7))))).toEqual(teaching)
})

test('profiles of one key group make the same', () => {
  const teaching = made(keyOf({ name: 'teaching' }, project))
  expect(made(keyOf({ name: 'vendor', keyGroup: 'teaching' }, project))).toEqual(teaching)
  expect(made(keyOf({ name: 'teaching', keyGroup: 'renamed' }, project))).not.toEqual(teaching)
})
