// How our objects print.

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** Instances of the class print as what `print` gives, in console.log and util.inspect. */
export function inspectedAs<T>(
  Class: abstract new (...args: never[]) => T,
  print: (instance: T) => string,
): void {
  Object.defineProperty(Class.prototype, INSPECT, {
    value(this: T) {
      return print(this)
    },
    configurable: true,
    writable: true,
  })
}
