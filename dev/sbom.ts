/**
 * Lists the app's packages as CycloneDX: `npm sbom` of the lock file, without the parts that differ from run to run.
 */
import { execFileSync } from 'node:child_process';

interface Sbom {
  serialNumber?: string;
  readonly metadata: { timestamp?: string; readonly component: { name: string } };
}

export function renderSbom(root: string, name: string): string {
  const options = ['--omit=dev', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  // On Windows npm is a script, which only a shell can start.
  const isWindows = process.platform === 'win32';
  const text = execFileSync('npm', ['sbom', ...options], { cwd: root, encoding: 'utf8', shell: isWindows });
  const sbom = JSON.parse(text) as Sbom;
  delete sbom.serialNumber;
  delete sbom.metadata.timestamp;
  // npm uses the name of the folder.
  sbom.metadata.component.name = name;
  return `${JSON.stringify(sbom, null, 2)}\n`;
}
