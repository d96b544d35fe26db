import { act, answered, secretHeader } from '../shared/ask.ts'

const LISTED_AT_ONCE = 500

/** A file of the person's, by its path as the browser names it. */
export interface ChosenFile {
  readonly path: string
  readonly file: File
}

interface Piece {
  readonly isOver: boolean
  readonly want?: {
    readonly id: number
    readonly file: number
    readonly offset: number
    readonly length: number
  }
}

/** Gives files of the browser to the agent, piece by piece as it asks for them; goes on while another view is shown. */
export class FileSender {
  #isSending = false

  constructor() {
    addEventListener('beforeunload', (event) => {
      if (this.#isSending) event.preventDefault()
    })
  }

  /** Resolves when the import has ended. Throws the reason why it could not begin. */
  async send(files: readonly ChosenFile[], language: string): Promise<void> {
    if (this.#isSending || files.length === 0) return
    this.#isSending = true
    try {
      const lang = `lang=${language}`
      const { import: id } = await act<{ import: string }>(`/api/import/begin?${lang}`, {})
      for (let from = 0; from < files.length; from += LISTED_AT_ONCE) {
        const part = files
          .slice(from, from + LISTED_AT_ONCE)
          .map(({ path, file }) => ({ path, size: file.size }))
        await act(`/api/import/list?${lang}`, { import: id, files: part })
      }
      await act(`/api/import/start?${lang}`, { import: id })
      await this.#serve(id, files, lang)
    } finally {
      this.#isSending = false
    }
  }

  async #serve(id: string, files: readonly ChosenFile[], lang: string): Promise<void> {
    let [wanted, body, failed]: [number, BodyInit, string] = [0, new Blob([]), '']
    for (;;) {
      const path = `/api/import/piece?import=${id}&want=${wanted}${failed}&${lang}`
      const { want, isOver } = await sendPiece(path, body)
      if (isOver) return
      ;[wanted, body, failed] = [want?.id ?? 0, new Blob([]), '']
      if (want === undefined) continue
      const { file, offset, length } = want
      try {
        body = (await files[file]?.file.slice(offset, offset + length).arrayBuffer()) ?? new Blob([])
      } catch {
        failed = '&failed=1'
      }
    }
  }
}

function sendPiece(path: string, body: BodyInit): Promise<Piece> {
  const headers = { 'content-type': 'application/octet-stream', ...secretHeader() }
  return answered<Piece>(path, undefined, { method: 'POST', headers, body })
}

/** The files of what was dropped, with those in folders. */
export async function filesOf(entry: FileSystemEntry): Promise<ChosenFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    return [{ path: entry.fullPath.replace(/^\//, ''), file }]
  }
  if (!isFolder(entry)) return []
  const reader = entry.createReader()
  const files: ChosenFile[] = []
  // A call gives a hundred at most.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return files
    for (const one of some) files.push(...(await filesOf(one)))
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory
