// The door between the window and everything else: what may be asked, and what comes back.
// The window asks and forgets; the answer is always the next View.

import type { Document } from '../gen/Document';
import type { Guidance } from '../gen/Guidance';
import type { Hand } from '../gen/Hand';
import type { SettingsTopic } from '../gen/SettingsTopic';
import type { View } from '../gen/View';

type Nothing = Record<never, never>;

/** What somebody does in a step of a first sign-in through an organisation. */
export type StepWish =
  | { kind: 'new' | 'existing' | 'confirm' | 'resend' | 'later' | 'back' }
  | { kind: 'create'; alternativeEmail: string; password: string; fullName: string }
  | { kind: 'link'; email: string; password: string }
  | { kind: 'delink' | 'via'; provider: string }
  | { kind: 'set-password'; password: string }
  | { kind: 'invitation' | 'verify'; code: string };

/** What each command is given. The names are those of `src-tauri/commands.rs.in` (a test compares). */
export interface Commands {
  ui_ready: Nothing;
  go: Nothing;
  back: Nothing;
  change: { what: 'name' | 'face' | 'id' | 'document' };
  use_practice_invitation: { email: string };
  open_invitation: Nothing;
  accept_invitation: Nothing;
  forget_invitation: Nothing;
  sign_in_social: { provider: string };
  open_organisation: Nothing;
  find_organisation: { input: string };
  reopen_browser: Nothing;
  copy_browser_link: Nothing;
  cancel_sign_in: Nothing;
  answer_step: { answer: StepWish };
  sign_in_password: { email: string; password: string };
  use_practice_account: { email: string };
  sign_out: Nothing;
  skip_keyring: Nothing;
  retry_keyring: Nothing;
  set_name: { name: string };
  give_consent: Nothing;
  choose_document: { document: Document };
  choose_id_layout: { twoSides: boolean };
  turn_on_camera: Nothing;
  choose_camera: { key: string };
  open_camera_settings: Nothing;
  take_photo: Nothing;
  cancel_countdown: Nothing;
  choose_hand: { hand: Hand };
  retake: Nothing;
  accept_photo: Nothing;
  use_anyway: Nothing;
  submit_profile: Nothing;
  pause_upload: Nothing;
  retry_now: Nothing;
  correct_name: Nothing;
  confirm_name: Nothing;
  open_help: Nothing;
  open_link: { link: 'privacy' | 'terms' };
  read_practice_mail: Nothing;
  open_review_desk: Nothing;
  copy_reference: Nothing;
  open_settings: Nothing;
  show_setting: { topic: SettingsTopic };
  forgot_password: Nothing;
  ask_password_reset: { email: string };
  reset_password: { code: string; password: string };
  change_password: { password: string };
  change_email: { email: string };
  confirm_email: { code: string };
  cancel_email_change: Nothing;
  confirm_identity: { password: string };
  end_session: { id: string };
  end_other_sessions: Nothing;
  disconnect_identity: { id: string };
  confirm_through: { id: string };
  connect_social: { provider: string };
  export_data: Nothing;
  delete_account: Nothing;
  still_here: Nothing;
  quit: Nothing;
}

/** A command's name. */
export type Command = keyof Commands;

/** A command that needs nothing but its name. */
export type PlainCommand = { [C in Command]: Nothing extends Commands[C] ? C : never }[Command];

/** Why a command was refused: a code of `errors/table.ts`, and the input it belongs to. */
export interface Refusal {
  code: string;
  field: string | null;
}

/** Everything the window can reach. */
export interface Host {
  /** Asks for something. Rejects with a `Refusal`. */
  call<C extends Command>(command: C, words: Commands[C]): Promise<void>;
  /** Calls `draw` with the present View and with every later one. */
  watchView(draw: (view: View) => void): Promise<void>;
  /** Calls `draw` with every guidance while a photo is taken. */
  watchGuidance(draw: (guidance: Guidance) => void): Promise<void>;
  /** Address of picture `n` of a running stream. */
  livePicture(stream: string, n: number): string;
  /** Address of a photo that the View named. */
  photo(name: string): string;
}
