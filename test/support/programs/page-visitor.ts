import { until } from '../clocks/until.ts'

interface PageView {
  readonly mayAct: boolean
  readonly joining: { readonly state: string; readonly text: string; readonly fingerprint: string }
  /** AE title, addresses and port of the agent, as the page shows them. */
  readonly listener: readonly { readonly text: string }[]
  readonly callers: readonly {
    readonly aeTitle: string
    readonly address: string
    readonly state: string
    readonly name: string
  }[]
  readonly test: { readonly state: string }
}

/** A person at the page /setup: the requests of its forms, with the cookie and the secret that its link gave. */
export class PageVisitor {
  readonly #origin: string
  readonly #cookie: string
  readonly #secret: string

  private constructor(origin: string, cookie: string, secret: string) {
    this.#origin = origin
    this.#cookie = cookie
    this.#secret = secret
  }

  /** Follows a link of `ferry open`, as a browser does. */
  static async open(link: string): Promise<PageVisitor> {
    const answer = await fetch(link, { redirect: 'manual' })
    const { origin } = new URL(link)
    const { hash } = new URL(answer.headers.get('location') ?? '', origin)
    return new PageVisitor(
      origin,
      (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
      hash.slice(1),
    )
  }

  async view(): Promise<PageView> {
    const headers = { cookie: this.#cookie, 'x-ferry-secret': this.#secret }
    const answer = await fetch(`${this.#origin}/api/setup?lang=en`, { headers })
    return (await answer.json()) as PageView
  }

  /** Looks at the page until it shows something. */
  untilShown(isShown: (view: PageView) => boolean, limitMs: number): Promise<PageView> {
    return until(() => this.view(), isShown, limitMs)
  }

  /** Presses a button of the page. Throws the page's answer if it refuses. */
  async act(action: 'join' | 'approve' | 'ignore' | 'test-image', body: object): Promise<void> {
    const headers = {
      cookie: this.#cookie,
      origin: this.#origin,
      'content-type': 'application/json',
      'x-ferry-secret': this.#secret,
    }
    const url = `${this.#origin}/api/setup/${action}?lang=en`
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`)
  }
}
