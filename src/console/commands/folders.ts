import type { Command } from 'commander'
import { CONTROL_PATHS } from '../../protocol/control-api.ts'
import { type FoldersView, foldersSchema } from '../../protocol/folder-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { fileCure, fileReason, folderText } from '../views/folder-text.ts'
import { showBytes, showTime } from '../views/show-values.ts'
import { formatTable, printable } from '../views/text-table.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface FoldersOptions extends JsonOption {
  readonly limit: number
}

/** Shows paths of files to the person at the machine: they may contain names of patients. */
export function addFolders(program: Command, session: Session): void {
  program
    .command('folders')
    .description(session.say('folders.about'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .action(async ({ json, limit }: FoldersOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const answer = await client.call(foldersSchema, 'GET', `${CONTROL_PATHS.folders}?limit=${limit}`)
      if (json) session.terminal.print(answer.json)
      else for (const line of foldersText(answer.value, session)) session.terminal.print(line)
    })
}

function foldersText({ folders, files }: FoldersView, session: Session): string[] {
  const { say } = session
  if (folders.length === 0) return [say('folders.none')]
  const head = folders.map((folder) =>
    printable(`${folder.name}  ${folder.path}: ${folderText(folder, session)}`),
  )
  if (files.length === 0) return [...head, say('folders.noFiles')]
  const isAnyWaiting = files.some(({ state }) => state === 'waiting')
  const hints = isAnyWaiting ? [say('folders.assignHint')] : []
  return [...head, '', ...filesTable(files, session), ...cures(files, session), ...hints]
}

/** One line for each reason why files are held. */
function cures(files: FoldersView['files'], { say, language }: Session): string[] {
  const codes = new Set(files.flatMap(({ state, reason }) => (state === 'held' ? [reason] : [])))
  return Array.from(codes).flatMap((code) => {
    const todo = fileCure(code, say, language)
    return todo === undefined ? [] : [say('folder.cure', { reason: fileReason(code, say, language), todo })]
  })
}

function filesTable(files: FoldersView['files'], { say, language, clock }: Session): string[] {
  const now = clock.now()
  return formatTable(
    [
      { title: say('column.file') },
      { title: say('column.folder') },
      { title: say('column.state') },
      { title: say('column.since') },
      { title: say('column.size'), align: 'right' },
      { title: say('column.reason') },
      { title: say('column.path') },
    ],
    files.map(({ file, folder, path, state, reason, bytes, since }) => [
      file,
      folder,
      say(`folder.${state}`),
      showTime(since, now),
      showBytes(bytes),
      fileReason(reason, say, language),
      path ?? say('folders.pathUnknown'),
    ]),
  )
}
