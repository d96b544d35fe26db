import * as library from './library.ts'

type Scp = InstanceType<typeof library.Scp>
type Method = Extract<keyof Scp, `${'c' | 'n'}${string}Request`>
type Request<M extends Method> = Parameters<Scp[M]>[0]
type Callback<M extends Method> = Parameters<Exclude<Scp[M], Scp['cCancelRequest']>>[1]

interface Response {
  setStatus(status: number): void
}

/**
 * Records what the library has read, and returns: the library lets exceptions of these methods escape as unhandled
 * rejections. Every DIMSE service that Ferry answers begins here, except C-STORE, which the library never sees.
 */
export class ListeningScp extends library.Scp {
  /** Answers the last request with a status. */
  respond: ((status: number) => void) | undefined
  /** Errors that the library reported instead of throwing. */
  readonly errors: unknown[] = []

  override associationRequested(): void {}

  override associationReleaseRequested(): void {}

  override abort(): void {}

  override cCancelRequest(): void {}

  override cEchoRequest(request: Request<'cEchoRequest'>, answer: Callback<'cEchoRequest'>): void {
    this.#heard(() => library.CEchoResponse.fromRequest(request), answer)
  }

  override cFindRequest(request: Request<'cFindRequest'>, answer: Callback<'cFindRequest'>): void {
    this.#heard(
      () => ofClass(library.CFindResponse.fromRequest(request), request.getAffectedSopClassUid()),
      (response) => answer([response]),
    )
  }

  override cMoveRequest(request: Request<'cMoveRequest'>, answer: Callback<'cMoveRequest'>): void {
    this.#heard(
      () => ofClass(library.CMoveResponse.fromRequest(request), request.getAffectedSopClassUid()),
      (response) => answer([response]),
    )
  }

  override cGetRequest(request: Request<'cGetRequest'>, answer: Callback<'cGetRequest'>): void {
    this.#heard(
      () => ofClass(library.CGetResponse.fromRequest(request), request.getAffectedSopClassUid()),
      (response) => answer([response]),
    )
  }

  override nCreateRequest(request: Request<'nCreateRequest'>, answer: Callback<'nCreateRequest'>): void {
    this.#heard(() => library.NCreateResponse.fromRequest(request), answer)
  }

  override nActionRequest(request: Request<'nActionRequest'>, answer: Callback<'nActionRequest'>): void {
    this.#heard(() => library.NActionResponse.fromRequest(request), answer)
  }

  override nDeleteRequest(request: Request<'nDeleteRequest'>, answer: Callback<'nDeleteRequest'>): void {
    this.#heard(() => library.NDeleteResponse.fromRequest(request), answer)
  }

  override nEventReportRequest(
    request: Request<'nEventReportRequest'>,
    answer: Callback<'nEventReportRequest'>,
  ): void {
    this.#heard(() => library.NEventReportResponse.fromRequest(request), answer)
  }

  override nGetRequest(request: Request<'nGetRequest'>, answer: Callback<'nGetRequest'>): void {
    this.#heard(() => library.NGetResponse.fromRequest(request), answer)
  }

  override nSetRequest(request: Request<'nSetRequest'>, answer: Callback<'nSetRequest'>): void {
    this.#heard(() => library.NSetResponse.fromRequest(request), answer)
  }

  #heard<R extends Response>(makeResponse: () => R, answer: (response: R) => void): void {
    this.respond = (status) => {
      const response = makeResponse()
      response.setStatus(status)
      answer(response)
    }
  }
}

/** The library always names the Study Root information model in these responses. */
function ofClass<R extends { setAffectedSopClassUid(uid: string): void }>(
  response: R,
  sopClassUid: string,
): R {
  response.setAffectedSopClassUid(sopClassUid)
  return response
}
