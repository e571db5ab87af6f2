import { NyahCommand } from '../../lib/runtime/command.ts'

export default class DnsAudit extends NyahCommand {
  static override summary = 'Find what is wrong with weighted names before it matters; exit 6 when something is.'
  static override description = `Orphans, TTLs that distort the split, records with no health check, totals of zero, aliases whose load balancer is gone, protected records.
Exit 6: users are, or would be, without an answer. Exit 12: something could not be read.`
  static override examples = ['<%= config.bin %> dns audit', '<%= config.bin %> dns audit --json']

  async run(): Promise<void> {
    const { flags } = await this.parse(DnsAudit)
    await this.show(flags, async (io) => {
      const { dnsAudit } = await import('../../lib/runtime/dns-audit.ts')
      return dnsAudit(io, flags)
    })
  }
}
