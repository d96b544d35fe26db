import { posix } from 'node:path'
import {
  circlesOf,
  floorsOf,
  type Graph,
  graphOf,
  type Import,
  readImports,
  sourceFiles,
} from './import-graph.ts'

interface FolderGraph {
  readonly files: readonly string[]
  readonly imports: readonly Import[]
  readonly folders: Graph
  readonly floors: ReadonlyMap<string, number>
}

/** The one kind of error is imported everywhere; its arrows would hide all others. */
const EVERYWHERE = 'platform/failure.ts'

const folderOf = (file: string): string => posix.dirname(file)

/** The page with the table of all source folders, in Markdown. Throws if folders import one another in a circle. */
export function importGraphPage(root: string): string {
  const { files, imports, folders, floors } = folderGraph(root)
  const names = [...folders.keys()].toSorted(
    (a, b) => (floors.get(b) ?? 0) - (floors.get(a) ?? 0) || (a < b ? -1 : 1),
  )
  const rows = names.map((folder) => {
    const inside = imports.filter(
      ({ file, target, isPackage }) => !isPackage && folderOf(file) === folder && folderOf(target) === folder,
    )
    const to = [...(folders.get(folder) ?? [])]
    const from = names.filter((other) => folders.get(other)?.has(folder))
    const count = files.filter((file) => folderOf(file) === folder).length
    return `| ${floors.get(folder) ?? 0} | \`${folder}\` | ${count} | ${inside.length} | ${to.length} | ${from.length} |`
  })
  const arrows = [...folders.values()].reduce((sum, to) => sum + to.size, 0)
  return `# Import graph

\`npm run graph\` writes this page and its picture from the imports of \`src/\`; a test compares it. Each folder imports folders
of lower floors only, so no arrow leads upward, and no files import one another in a circle, imports of types included.
\`${EVERYWHERE}\`, which every folder may import, is left out.

${files.length} files in ${names.length} folders, ${arrows} arrows between folders.

| floor | folder | files | imports inside | imports folders | imported by folders |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

![The folders of src, drawn by floor](import-graph.svg)
`
}

const BOX = { width: 150, height: 30, gapX: 14, gapY: 70, margin: 20 }

/** The folders as boxes, floor by floor, and an arrow for each import between them. */
export function importGraphPicture(root: string): string {
  const { folders, floors } = folderGraph(root)
  const byFloor = Map.groupBy([...folders.keys()].toSorted(), (folder) => floors.get(folder) ?? 0)
  const widest = Math.max(...[...byFloor.values()].map((floor) => floor.length))
  const top = Math.max(...byFloor.keys())
  const width = 2 * BOX.margin + widest * (BOX.width + BOX.gapX) - BOX.gapX
  const height = 2 * BOX.margin + (top + 1) * (BOX.height + BOX.gapY) - BOX.gapY
  const places = new Map<string, { x: number; y: number }>()
  for (const [floor, names] of byFloor) {
    const left = (width - names.length * (BOX.width + BOX.gapX) + BOX.gapX) / 2
    for (const [at, name] of names.entries()) {
      const y = BOX.margin + (top - floor) * (BOX.height + BOX.gapY)
      places.set(name, { x: left + at * (BOX.width + BOX.gapX), y })
    }
  }
  const lines = [...folders].flatMap(([from, targets]) =>
    [...targets].map((to) => arrow(places.get(from), places.get(to))),
  )
  const boxes = [...places].map(([name, { x, y }]) => box(name, x, y))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<g stroke="#5b7fa6" stroke-opacity="0.45" fill="none">
${lines.join('\n')}
</g>
${boxes.join('\n')}
</svg>
`
}

function arrow(from = { x: 0, y: 0 }, to = { x: 0, y: 0 }): string {
  const [x1, y1, x2, y2] = [from.x + BOX.width / 2, from.y + BOX.height, to.x + BOX.width / 2, to.y]
  const middle = (y1 + y2) / 2
  return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}"/>`
}

function box(name: string, x: number, y: number): string {
  const text = `<text x="${x + BOX.width / 2}" y="${y + 19}" text-anchor="middle">${name}</text>`
  return `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4" fill="#eef4fb" stroke="#2c4a6e"/>${text}`
}

function folderGraph(root: string): FolderGraph {
  const files = sourceFiles(root)
  const imports = readImports(root).filter(({ target }) => target !== EVERYWHERE)
  const folders = graphOf(files, imports, folderOf)
  const circles = circlesOf(folders)
  if (circles.length > 0) throw new Error(`folders import one another: ${JSON.stringify(circles)}`)
  return { files, imports, folders, floors: floorsOf(folders) }
}
