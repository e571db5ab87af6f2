import { EXIT, type NyahError, nyahError } from '../core/errors.ts'
import type { Deadline } from '../engine/deadline.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dns } from '../ports/dns.ts'

/**
 * `dns`, of which changes, and what is read back after them, are waited for until the deadline and no longer: a batch whose
 * time is over is not sent, and one that is under way then is as good as one whose answer was lost. However many batches hang,
 * the run ends in its time.
 *
 * Throws RUN_TIMED_OUT where nothing was sent, AWS_UNCERTAIN where something was.
 */
export function namesInTime(dns: Dns, deadline: Pick<Deadline, 'at'> | undefined, clock: Clock): Dns {
  if (deadline === undefined) return dns
  const inTime = async <T>(asked: () => Promise<T>, late: () => NyahError): Promise<T> => {
    const left = deadline.at() - clock.now()
    if (left <= 0) throw notSent()
    const answered = new AbortController()
    const over = clock.sleep(left, answered.signal).then(() => Promise.reject(late()))
    over.catch(() => undefined)
    try {
      return await Promise.race([asked(), over])
    } finally {
      answered.abort()
    }
  }
  return {
    ...dns,
    change: (zoneId, changes, comment) => inTime(() => dns.change(zoneId, changes, comment), uncertain),
    recordsOf: (zoneId, names, signal) => inTime(() => dns.recordsOf(zoneId, names, signal), notSent),
  }
}

const again = ['run the command again: it looks first', 'a greater --timeout, if that is normal here']

const notSent = (): NyahError =>
  nyahError({
    code: 'RUN_TIMED_OUT',
    message: 'the time given for this run was over before Route 53 was asked',
    exit: EXIT.remote,
    tries: again,
  })

const uncertain = (): NyahError =>
  nyahError({
    code: 'AWS_UNCERTAIN',
    message:
      'Route 53 did not answer before the time given for this run was over; it may have made the change all the same',
    exit: EXIT.remote,
    tries: again,
    lostAnswer: true,
  })
