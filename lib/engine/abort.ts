// One listener a signal, however many calls share it: an EventTarget warns of more than ten, and each costs a microsecond.

const listening = new WeakMap<
  AbortSignal,
  { readonly calls: Set<() => void>; readonly listener: () => void }
>()

/** `call` runs once when the signal is aborted, which it was not yet. What is given back takes it away again. */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  let some = listening.get(signal)
  if (some === undefined) {
    const calls = new Set<() => void>()
    const listener = () => {
      listening.delete(signal)
      for (const one of calls) one()
    }
    some = { calls, listener }
    listening.set(signal, some)
    signal.addEventListener('abort', listener, { once: true })
  }
  const { calls, listener } = some
  calls.add(call)
  return () => {
    if (!calls.delete(call) || calls.size > 0 || listening.get(signal)?.calls !== calls) return
    listening.delete(signal)
    signal.removeEventListener('abort', listener)
  }
}
