import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

interface Message {
  readonly id?: number
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** A page in a real Chromium without a window, driven by the Chrome DevTools Protocol. */
export class ChromiumPage implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (message: Message) => void>()
  #session = ''
  #count = 0

  private constructor(process: ChildProcess, socket: WebSocket) {
    this.#process = process
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message
      this.#waiting.get(message.id ?? 0)?.(message)
    })
  }

  /** Opens an address with a profile in `folder`, in a window of this size. */
  static async open(
    folder: string,
    address: string,
    { width, height }: { width: number; height: number },
  ): Promise<ChromiumPage> {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0']
    const profile = `--user-data-dir=${folder}`
    const process = spawn('chromium', [...flags, profile, `--window-size=${width},${height}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let url = ''
    for await (const line of createInterface({ input: process.stderr })) {
      url = /DevTools listening on (ws:\S+)/.exec(line)?.[1] ?? ''
      if (url !== '') break
    }
    process.stderr.resume()
    const socket = new WebSocket(url)
    await once(socket, 'open')
    const page = new ChromiumPage(process, socket)
    const { targetId } = await page.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await page.send('Target.attachToTarget', { targetId, flatten: true })
    page.#session = String(sessionId)
    await page.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    })
    await page.go(address)
    return page
  }

  async go(address: string): Promise<void> {
    await this.send('Page.navigate', { url: address })
  }

  /** Returns the value of an expression of JavaScript in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, returnByValue: true, awaitPromise: true }
    const { result } = (await this.send('Runtime.evaluate', options)) as { result: { value?: unknown } }
    return result.value
  }

  /** Chooses files in an input, as a person does in the dialogue. */
  async choose(selector: string, paths: readonly string[]): Promise<void> {
    const { root } = (await this.send('DOM.getDocument', {})) as { root: { nodeId: number } }
    const { nodeId } = await this.send('DOM.querySelector', { nodeId: root.nodeId, selector })
    await this.send('DOM.setFileInputFiles', { nodeId, files: paths })
  }

  /** Drops files and folders onto the middle of an element. */
  async drop(selector: string, paths: readonly string[]): Promise<void> {
    const middle = `(() => { const e = document.querySelector('${selector}'); e.scrollIntoView(); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`
    const [x, y] = (await this.evaluate(middle)) as [number, number]
    const data = { items: [], files: paths, dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'])
      await this.send('Input.dispatchDragEvent', { type, x, y, data })
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' })
    return Buffer.from(String(data), 'base64')
  }

  async send(method: string, params: object): Promise<Record<string, unknown>> {
    const id = ++this.#count
    const { promise, resolve } = Promise.withResolvers<Message>()
    this.#waiting.set(id, resolve)
    const session = this.#session === '' ? {} : { sessionId: this.#session }
    this.#socket.send(JSON.stringify({ id, method, params, ...session }))
    const { result = {}, error } = await promise
    this.#waiting.delete(id)
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close()
    const ended = once(this.#process, 'exit')
    this.#process.kill()
    await ended
  }
}
