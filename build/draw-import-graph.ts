// Writes docs/import-graph.md and docs/import-graph.svg from the imports of src/. Run it after a file or a folder has moved:
//   npm run graph
import { writeFileSync } from 'node:fs'
import { importGraphPage, importGraphPicture } from './import-graph-page.ts'

const page = importGraphPage('src')
writeFileSync('docs/import-graph.md', page)
writeFileSync('docs/import-graph.svg', importGraphPicture('src'))
process.stdout.write(page)
