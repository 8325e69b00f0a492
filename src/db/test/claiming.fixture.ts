import { systemClock } from '#kernel';
import { claimDataDirectory } from '#db';

// A process for tests: claims the directory, says so, and holds it for as long as somebody listens.
const claim = claimDataDirectory(process.argv[2] ?? '', systemClock);
process.stdout.write('claimed');
process.stdin.resume().once('end', () => claim.release());
