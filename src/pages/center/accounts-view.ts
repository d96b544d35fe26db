import { html } from 'htm/preact'
import type { VNode } from 'preact'
import type { CenterAccounts } from '../../console/center-web/center-answers.ts'
import { showTime } from '../../console/views/show-values.ts'
import { answerView } from '../shared/answer-view.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'

/** The people who may use the page; accounts are made at the command line. */
export function AccountsView(): VNode {
  const page = usePage()
  const { say } = page
  return html`<h2 class="view">${say('center.view.accounts')}</h2>
    <p class="hint">${say('center.accounts.hint')}</p>
    ${answerView(useAnswer<CenterAccounts>('/api/accounts', 30_000), page, ({ accounts }) =>
      dataTable({
        label: say('center.view.accounts'),
        rows: accounts,
        keyOf: ({ name }) => name,
        none: '',
        columns: [
          { title: say('center.name'), isHead: true, cell: ({ name }) => name },
          { title: say('center.role'), cell: ({ role }) => say(`role.${role}`) },
          {
            title: say('center.signedIn'),
            cell: ({ signedInAt }) =>
              signedInAt === null ? say('time.never') : showTime(signedInAt, Date.now()),
          },
        ],
      }),
    )}`
}
