// Writes deploy/manifests/operator.yaml, which is the chart as it is without values, for those who use no Helm; `--check`
// compares. The chart is what is edited.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');
const helm = join(root, 'test', 'kubernetes', 'tools', 'bin', 'helm');
const chart = join(root, 'deploy', 'helm', 'chatelaine-operator');

const args = ['template', 'chatelaine', chart, '--namespace', 'chatelaine-system', '--set', 'crds.install=false'];
const rendered = execFileSync(helm, args, { encoding: 'utf8' });
writeOrCheck(
  join(root, 'deploy', 'manifests', 'operator.yaml'),
  `# Rendered from deploy/helm/chatelaine-operator by \`scripts/render-manifests.ts\`. Do not edit.\n${rendered
    .replaceAll(/^# Source: .*\n/gm, '')
    .replaceAll('app.kubernetes.io/managed-by: Helm', 'app.kubernetes.io/managed-by: kubectl')}`,
);
