import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { removeLeftovers } from '../../src/center/store/leftovers.ts'
import { tempFolder } from '../support/temp-folder.ts'

const isNobodys = async (): Promise<boolean> => true

/** A series folder with these files. */
function series(files: Record<string, string>): ReturnType<typeof tempFolder> {
  const folder = tempFolder()
  mkdirSync(folder.join('1.2/3.4'), { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(folder.join('1.2/3.4', name), content)
  return folder
}

test('a beginning of a stored instance that a crash left under its other names is removed', async () => {
  using folder = series({ '5.dcm': 'who', '5~A.dcm': '', '5~B.dcm': 'whole', '55.dcm': 'who' })
  await removeLeftovers(folder.path, ['1.2/3.4/5~B.dcm'], isNobodys)
  expect(readdirSync(folder.join('1.2/3.4')).toSorted()).toEqual(['55.dcm', '5~B.dcm'])
})

test('a file that holds anything else, or belongs to an agent or to another instance, stays', async () => {
  const files = { '5.dcm': 'wholes', '5~A.dcm': 'what', '5~B.dcm': 'whole', '6.dcm': 'who' }
  using folder = series({ ...files, '5~C.dcm': 'who' })
  await removeLeftovers(folder.path, ['1.2/3.4/5~B.dcm', '1.2/3.4/6.dcm'], async (file) => {
    return file !== '1.2/3.4/5~C.dcm'
  })
  expect(readdirSync(folder.join('1.2/3.4'))).toHaveLength(5)
})

test('a stored file that cannot be read, or a folder that is gone, removes nothing and breaks nothing', async () => {
  using folder = series({ '5.dcm': 'who' })
  await removeLeftovers(folder.path, ['1.2/3.4/5~B.dcm', '7/8/9~B.dcm'], isNobodys)
  expect(readdirSync(folder.join('1.2/3.4'))).toEqual(['5.dcm'])
})
