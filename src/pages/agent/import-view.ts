import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { answerView } from '../shared/answer-view.ts'
import { usePage } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { type ChosenFile, type FileSender, filesOf } from './file-sender.ts'

const EVERY_MS = 1500

interface ImportState {
  readonly words: Readonly<Record<'title' | 'hint' | 'files' | 'folder' | 'noSession', string>>
  readonly mayAct: boolean
  readonly text: string
  readonly counts: readonly { readonly count: number; readonly text: string }[]
  readonly lists: readonly {
    readonly title: string
    readonly lines: readonly string[]
    readonly more: string
  }[]
}

/** Takes files in that are dropped or chosen here; shows the account of the last import. */
export function ImportView({ sender }: { sender: FileSender }): VNode {
  const page = usePage()
  const { language, say } = page
  const asked = useAnswer<ImportState>(`/api/import?lang=${language}`, EVERY_MS)
  const [problem, setProblem] = useState('')
  const send = async (files: readonly ChosenFile[]): Promise<void> => {
    setProblem('')
    try {
      await sender.send(files, language)
    } catch (error) {
      setProblem(error instanceof Error && error.message !== '' ? error.message : say('page.noAnswer'))
    }
    asked.refresh()
  }
  return html`${answerView(asked, page, ({ words, mayAct, text, counts, lists }) => {
    return html`<h2 class="view" id="importTitle">${words.title}</h2>
      ${mayAct ? html`<${DropZone} words=${words} send=${send} />` : html`<p class="notice">${words.noSession}</p>`}
      <p id="importText" role="status">${text}</p>
      <ul id="importCounts">${counts.map(({ count, text: kind }) => html`<li>${count} ${kind}</li>`)}</ul>
      ${lists.map(
        ({ title, lines, more }) =>
          html`<details key=${title}><summary>${title}</summary><ul>${lines.map((line) => html`<li>${line}</li>`)}${more === '' ? null : html`<li>${more}</li>`}</ul></details>`,
      )}`
  })}<p id="importError" class="problem" role="alert">${problem}</p>`
}

interface DropZoneOptions {
  readonly words: ImportState['words']
  readonly send: (files: readonly ChosenFile[]) => Promise<void>
}

function DropZone({ words, send }: DropZoneOptions): VNode {
  const [isOver, setOver] = useState(false)
  const [files, folder] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)]
  const latest = useRef(send)
  latest.current = send
  useEffect(() => {
    folder.current?.setAttribute('webkitdirectory', '')
    const over = (event: DragEvent): void => {
      event.preventDefault()
      setOver(true)
    }
    const leave = (): void => setOver(false)
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      setOver(false)
      const entries = Array.from(event.dataTransfer?.items ?? [], (item) => item.webkitGetAsEntry())
      const found = entries.filter((one) => one !== null).map(filesOf)
      void Promise.all(found).then((lists) => latest.current(lists.flat()))
    }
    // Elsewhere on the page a dropped file would replace the page.
    document.addEventListener('dragover', over)
    document.addEventListener('dragleave', leave)
    document.addEventListener('drop', drop)
    return () => {
      document.removeEventListener('dragover', over)
      document.removeEventListener('dragleave', leave)
      document.removeEventListener('drop', drop)
    }
  }, [])
  const chosen = (event: Event): void => {
    const input = event.currentTarget
    if (!(input instanceof HTMLInputElement)) return
    const list = Array.from(input.files ?? [], (file) => ({
      path: file.webkitRelativePath || file.name,
      file,
    }))
    input.value = ''
    void send(list)
  }
  return html`<div id="dropZone" class=${isOver ? 'over' : ''}>
    <p>${words.hint}</p>
    <div class="buttons"><button type="button" onClick=${() => files.current?.click()}>${words.files}</button>
    <button type="button" onClick=${() => folder.current?.click()}>${words.folder}</button></div>
    <input ref=${files} id="fileInput" type="file" multiple hidden onChange=${chosen} />
    <input ref=${folder} id="folderInput" type="file" hidden onChange=${chosen} />
  </div>`
}
