import { DEFAULT_NAMESPACE } from '#contract';

/**
 * Who may call where no configuration says it: whoever comes with a token of the issuer for this resource, and nobody
 * else. Keys, certificates and tokens of other issuers need a policy that somebody wrote.
 */
export const starterPolicy = ({ issuer, server }: { readonly issuer: string; readonly server: string }) => ({
  kind: 'policy',
  name: 'proxy-callers',
  cedar: `@id("Callers with a token of the issuer")
@description("What a proxy begins with; policies of a configuration take its place.")
permit (
  principal is User in Role::"user",
  action in [Action::"read", Action::"execute"],
  resource in Server::${JSON.stringify(`${DEFAULT_NAMESPACE}/${server}`)}
) when { context.method == "token" && principal.issuer == ${JSON.stringify(issuer)} };
`,
});
