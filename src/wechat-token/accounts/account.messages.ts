/** The sentences of this room, for the fields of accounts. */
export const accountMessages = {
  badCorpId: () =>
    'must be the corpid of the corporation, such as "ww1234567890abcdef", from "My Company" in the WeCom admin console',
  badAgentId: () =>
    'must be the AgentId of the application, such as "1000002", from its page in the WeCom admin console',
  agentIdMissing: () =>
    'is missing; the ticket "agent" is that of an application, so its AgentId is needed',
  ticketOfMiniProgram: (kind: string, tickets: readonly string[]) =>
    `An account of kind ${kind} has the tickets ${tickets.join(', ')}. WeChat documents them for official accounts, mobile apps and websites only: pages are signed with the ticket of an official account.`,
};
