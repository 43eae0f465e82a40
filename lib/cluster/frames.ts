// What nodes say to each other about actors. A frame is a header of plain values, and a value where the kind has one. Frames of
// the data lane arrive in the order sent; those marked "control" may overtake them.

/** A description of a class: hash, text. Before the first frame that names the hash. */
export const CLASS = 1
/** The sender gives an actor of the receiver a number: channel, slot, index, generation, token, hash of the class as known. */
export const OPEN = 2
/** channel, method, argc; the arguments, where there are any. method: as the class that OPEN named has it, 0 is receive. */
export const TELL = 3
/** channel, method, argc, request; the arguments. argc says whether a stream is taken, and its window. */
export const ASK = 4
/** request; the answer. */
export const VALUE = 5
/** request; the error. */
export const ERROR = 6
/** request; an item of the stream. */
export const ITEM = 7
/** request; what the generator returned. */
export const END = 8
/** request: its caller has given it up. */
export const CANCEL = 9
/** channel, reason: the actor is gone for good. */
export const GONE = 10
/** channel: say when it is gone; do not. */
export const WATCH = 11
export const UNWATCH = 12
/** request, operation; its argument. Answered by VALUE or ERROR. */
export const SYSTEM = 13
/** Control. channel, messages, bytes: the actor has taken so many. */
export const CREDIT = 14
/** Control. request, items: the reader of a stream has taken so many. */
export const TAKEN = 15
/** Control. A message of the membership protocol. */
export const GOSSIP = 16

/** Operations of SYSTEM. */
export const LOOK_UP = 'lookUp'
export const REFER = 'refer'
export const SPAWN = 'spawn'
export const STOP = 'stop'
export const DESCRIBE = 'describe'
export const CLASS_TEXT = 'class'
export const STILL_THERE = 'stillThere'

/**
 * What may be on its way to an actor of another node before that node says that it took some: messages, and bytes of them. One
 * message may always go, however large.
 */
export const WINDOW_MESSAGES = 2000
export const WINDOW_BYTES: number = 1024 * 1024
