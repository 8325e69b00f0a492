// Installs the suite and the clients into conformance/node_modules. Nobody who runs or tests Chatelaine needs them, so
// they are no workspace and no development dependency.
import { installApart } from '../scripts/install-apart.mjs';

installApart(import.meta.dirname, 'the conformance suite and the clients');
