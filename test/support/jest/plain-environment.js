/** Keys of the global object that jest sets while it runs a file. */
const OF_JEST =
  /^(?:JEST_STATE_SYMBOL|EVENT_HANDLERS|RETRY_TIMES|RETRY_TIMES_SETTER|LOG_ERRORS_BEFORE_RETRY)$/

/**
 * The surroundings of a test file are the process itself. After each file the environment's variables, the working folder, the
 * listeners of the process and what jest replaced are as before; tests put back whatever else they change.
 */
export default class PlainEnvironment {
  global = globalThis
  #variables = { ...process.env }
  #folder = process.cwd()
  #console = globalThis.console
  #exit = Object.getOwnPropertyDescriptor(process, 'exit')
  #listeners = new Map(process.eventNames().map((name) => [name, process.rawListeners(name)]))

  async setup() {}

  async teardown() {
    globalThis.console = this.#console
    Object.defineProperty(process, 'exit', this.#exit)
    process.chdir(this.#folder)
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name]
    Object.assign(process.env, this.#variables)
    for (const event of process.eventNames()) {
      const before = this.#listeners.get(event) ?? []
      for (const listener of process.rawListeners(event))
        if (!before.includes(listener)) process.removeListener(event, listener)
    }
    for (const symbol of Object.getOwnPropertySymbols(globalThis))
      if (OF_JEST.test(symbol.description)) delete globalThis[symbol]
  }

  getVmContext() {
    return null
  }
}
