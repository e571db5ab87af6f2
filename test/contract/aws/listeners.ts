import { describe, expect, it } from 'vitest'
import { failure, type Stage } from './stage.ts'
import { strictly } from './strict.ts'

/** What the port promises of listeners: weights, certificates, policies, attributes. */
export function listenersContract(aws: Stage, lenient: boolean): void {
  const strict = strictly(lenient)
  const policy = 'ELBSecurityPolicy-TLS13-1-2-2021-06'
  const one = (targetGroupArn: string) => [{ targetGroupArn, weight: 1 }]
  const weighted = (...pairs: readonly (readonly [string, number])[]) =>
    pairs
      .map(([targetGroupArn, weight]) => ({ targetGroupArn, weight }))
      .sort((a, b) => (a.targetGroupArn < b.targetGroupArn ? -1 : 1))

  it('forwards to several target groups by weight, and to one again', async () => {
    const { make, tree, listener } = aws.scene()
    const [a, b] = [await make.targetGroup(), await make.targetGroup(aws.scene().targetGroup())]
    const { arn } = await make.loadBalancer()
    const forward = weighted([a, 9], [b, 0])
    const made = await make.listener(arn, a, { forward })
    expect((await tree()).listeners[0]!.forward).toEqual(forward)
    expect(await aws.mirrors.createListener(arn, listener(a, { forward }))).toEqual({ arn: made })
    await aws.mirrors.modifyListener(made, { forward: weighted([a, 0], [b, 999]) })
    expect((await tree()).listeners[0]!.forward).toEqual(weighted([a, 0], [b, 999]))
    await aws.mirrors.modifyListener(made, { forward: one(b) })
    expect((await tree()).listeners[0]!.forward).toEqual(one(b))
  })

  strict('a target group of weight 0 is checked like any other', 'all is healthy at once', async () => {
    const { make } = aws.scene()
    const [a, b] = [await make.targetGroup(), await make.targetGroup(aws.scene().targetGroup())]
    const { arn } = await make.loadBalancer()
    await aws.mirrors.registerTargets(b, [{ address: '10.20.0.1', port: 8443, availabilityZone: 'all' }])
    const health = async () => (await aws.mirrors.targetHealth(b)).map(({ state }) => state)
    expect(await health()).toEqual(['unused'])
    const made = await make.listener(arn, a)
    await aws.mirrors.modifyListener(made, { forward: weighted([a, 1], [b, 0]) })
    expect(await health()).toEqual(['initial'])
    for (let wait = 0; wait < 60 && (await health())[0] !== 'healthy'; wait++) await aws.bench.clock.sleep(10_000)
    expect(await health()).toEqual(['healthy'])
    expect(await failure(aws.mirrors.deleteTargetGroup(b))).toMatchObject({ code: 'AWS_IN_USE' })
  })

  it('keeps the idle time-out of a TCP listener: at its creation, changed, and completed after a crash', async () => {
    const { make, tree, listener } = aws.scene()
    const targets = await make.targetGroup()
    const { arn } = await make.loadBalancer()
    const attributes = { 'tcp.idle_timeout.seconds': '120' }
    aws.proxy.inject({ action: 'ModifyListenerAttributes', kind: 'drop-before', times: 5 })
    const error = await failure(aws.mirrors.createListener(arn, listener(targets, { attributes })))
    expect(error).toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true })
    const made = await make.listener(arn, targets, { attributes })
    expect((await tree()).listeners).toMatchObject([{ arn: made, attributes }])
    await aws.mirrors.modifyListener(made, { attributes: { 'tcp.idle_timeout.seconds': '6000' } })
    expect((await tree()).listeners[0]!.attributes).toEqual({ 'tcp.idle_timeout.seconds': '6000' })
  })

  it('makes a TLS listener with certificates, policy and ALPN', async () => {
    const { make, tree } = aws.scene()
    const targets = await make.targetGroup()
    const { arn } = await make.loadBalancer()
    const [a, b, c] = aws.bench.certificates
    const tls = {
      protocol: 'TLS' as const,
      certificates: [b, ...[a, c].sort()],
      sslPolicy: policy,
      alpnPolicy: 'HTTP2Preferred',
    }
    const made = await make.listener(arn, targets, tls)
    expect((await tree()).listeners).toMatchObject([{ arn: made, ...tls, forward: one(targets), attributes: {} }])
  })

  it('makes a target group that speaks TLS to its targets', async () => {
    const { make, tree, targetGroup } = aws.scene()
    await make.targetGroup({ ...targetGroup(), protocol: 'TLS' })
    expect((await tree()).targetGroups).toMatchObject([{ protocol: 'TLS' }])
  })

  strict('certificates change without a moment in which a name has none', 'no ModifyListener for TLS', async () => {
    const { make, tree } = aws.scene()
    const targets = await make.targetGroup()
    const { arn } = await make.loadBalancer()
    const [a, b, c] = aws.bench.certificates
    const tls = { protocol: 'TLS', sslPolicy: policy, alpnPolicy: 'HTTP2Only' } as const
    const made = await make.listener(arn, targets, { ...tls, certificates: [a, b] })
    aws.proxy.reset()
    await aws.mirrors.modifyListener(made, { certificates: [b, ...[a, c].sort()] })
    const found = (await tree()).listeners[0]!
    expect(found).toMatchObject({ ...tls, certificates: [b, ...[a, c].sort()] })
    const writes = aws.proxy.calls().flatMap(({ action }) => (/^(Add|Modify|Remove)/.test(action) ? [action] : []))
    expect(writes).toEqual(['AddListenerCertificates', 'ModifyListener', 'RemoveListenerCertificates'])
    await aws.mirrors.modifyListener(made, { alpnPolicy: null, sslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06' })
    expect((await tree()).listeners[0]).toEqual({
      ...found,
      alpnPolicy: null,
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06',
    })
    aws.proxy.reset()
    await aws.mirrors.modifyListener(made, { certificates: [b] })
    expect((await tree()).listeners[0]!.certificates).toEqual([b])
    expect(aws.proxy.calls('AddListenerCertificates')).toEqual([])
  })

  strict('TCP becomes TLS and TCP again, with the target group it has', 'no ModifyListener for TLS', async () => {
    const { make, tree } = aws.scene()
    const targets = await make.targetGroup()
    const { arn } = await make.loadBalancer()
    const [a, b] = aws.bench.certificates
    const made = await make.listener(arn, targets)
    const before = (await tree()).listeners[0]!
    const tls = { protocol: 'TLS', certificates: [a, b], sslPolicy: policy, alpnPolicy: null } as const
    await aws.mirrors.modifyListener(made, tls)
    expect((await tree()).listeners[0]).toEqual({ ...before, ...tls, attributes: {} })
    await aws.mirrors.modifyListener(made, { protocol: 'TCP', certificates: [], sslPolicy: null, alpnPolicy: null })
    expect((await tree()).listeners[0]).toEqual(before)
  })

  strict('a TLS target group serves a TLS listener, never a TCP one', 'protocols are not compared', async () => {
    const { make, tree, targetGroup, listener } = aws.scene()
    const plain = await make.targetGroup()
    const secure = await make.targetGroup({ ...targetGroup(8443), protocol: 'TLS' })
    const { arn } = await make.loadBalancer()
    const error = await failure(aws.mirrors.createListener(arn, listener(secure)))
    expect(error).toMatchObject({ code: 'AWS_INVALID', details: { awsCode: 'IncompatibleProtocols' } })
    const made = await make.listener(arn, plain)
    const tls = { protocol: 'TLS', certificates: [aws.bench.certificates[0]], sslPolicy: policy } as const
    await aws.mirrors.modifyListener(made, { ...tls, forward: one(secure) })
    // Both may stand side by side while one takes over from the other.
    await aws.mirrors.modifyListener(made, { forward: weighted([secure, 1], [plain, 0]) })
    expect((await tree()).listeners[0]!.forward).toEqual(weighted([secure, 1], [plain, 0]))
    expect((await failure(aws.mirrors.modifyListener(made, { protocol: 'TCP' }))).code).toBe('AWS_INVALID')
    await aws.mirrors.modifyListener(made, { protocol: 'TCP', certificates: [], forward: one(plain) })
  })

  describe('refusals', () => {
    strict('an unknown certificate is named', 'not looked up at creation', async () => {
      const { make, listener } = aws.scene()
      const targets = await make.targetGroup()
      const { arn } = await make.loadBalancer()
      const missing = aws.bench.certificates[0].replace(/[0-9a-f]{12}$/, '999999999999')
      const spec = listener(targets, { protocol: 'TLS', certificates: [missing], sslPolicy: policy })
      const error = await failure(aws.mirrors.createListener(arn, spec))
      expect(error).toMatchObject({ code: 'AWS_CERTIFICATE', exit: 7, retryable: false })
      expect(error.message).toContain(missing)
    })

    strict('an idle time-out out of bounds', 'no bounds', async () => {
      const { make } = aws.scene()
      const targets = await make.targetGroup()
      const { arn } = await make.loadBalancer()
      const made = await make.listener(arn, targets)
      const change = aws.mirrors.modifyListener(made, { attributes: { 'tcp.idle_timeout.seconds': '59' } })
      expect((await failure(change)).code).toBe('AWS_INVALID')
    })

    it('stickiness with TLS', async () => {
      const { make, targetGroup } = aws.scene()
      const spec = targetGroup()
      const attributes = { ...spec.attributes, 'stickiness.enabled': 'true', 'stickiness.type': 'source_ip' }
      await make.targetGroup({ ...spec, attributes })
      const secure = { ...targetGroup(8443), protocol: 'TLS' as const, attributes }
      expect((await failure(aws.mirrors.createTargetGroup(secure))).code).toBe('AWS_INVALID')
      await make.targetGroup({ ...secure, attributes: spec.attributes })
    })

    it('a load balancer that is protected from deletion', async () => {
      const { make } = aws.scene()
      const { arn } = await make.loadBalancer()
      const message = `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`
      aws.proxy.inject({ action: 'DeleteLoadBalancer', kind: 'error', code: 'OperationNotPermitted', message })
      const error = await failure(aws.mirrors.deleteLoadBalancer(arn))
      expect(error).toMatchObject({ code: 'AWS_DELETION_PROTECTED', exit: 7, retryable: false })
      expect(error.tries[0]).toBe(
        `aws elbv2 modify-load-balancer-attributes --load-balancer-arn ${arn} --attributes Key=deletion_protection.enabled,Value=false`,
      )
    })
  })

  it.each(['drop-before', 'drop-after'] as const)(
    'completes a TLS listener whose certificates were lost on the way (%s)',
    async (kind) => {
      const { make, tree, listener } = aws.scene()
      const targets = await make.targetGroup()
      const { arn } = await make.loadBalancer()
      const [a, b] = aws.bench.certificates
      const tls = { protocol: 'TLS', certificates: [a, b], sslPolicy: policy } as const
      // As often as the retrier tries: the create fails, and what comes later has to complete it.
      aws.proxy.inject({ action: 'AddListenerCertificates', kind, times: 5 })
      const error = await failure(aws.mirrors.createListener(arn, listener(targets, tls)))
      expect(error).toMatchObject({ code: 'AWS_UNREACHABLE', lostAnswer: true })
      const made = await make.listener(arn, targets, tls)
      const { listeners } = await tree()
      expect(listeners.map((each) => each.arn)).toEqual([made])
      expect([...new Set(listeners[0]!.certificates)]).toEqual([a, b])
    },
  )
}
