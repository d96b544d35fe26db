// Writes the generated tables of src/ from the published files that build/tables/source.ts names:
//   npm run tables -- FOLDER
import { writeFileSync } from 'node:fs'
import { readingTables, standardTables } from './tables/generated-tables.ts'
import { SOURCES } from './tables/source.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  const urls = Object.values(SOURCES).map(({ url }) => `  ${url}`)
  process.stderr.write(`usage: npm run tables -- FOLDER, which holds the files\n${urls.join('\n')}\n`)
  process.exit(2)
}
for (const { file, text } of [...standardTables(folder), ...readingTables()]) {
  if (text !== undefined) writeFileSync(file, text)
  process.stdout.write(`${file}: ${text === undefined ? 'its source is not on this machine' : 'written'}\n`)
}
