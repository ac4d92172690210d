//! All users, groups, roles and managed policies of the account.

use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput;
use retrigger_recording::Unread;

use super::{Read, Taking, iam_json, next_page, role::Details};
use crate::error::CollectError;

impl Taking<'_> {
    /// All pages of `GetAccountAuthorizationDetails`; `None` where the caller may not read it.
    pub(super) async fn account(&mut self, account: &str) -> Result<Option<Details>, CollectError> {
        const CALL: &str = "iam:GetAccountAuthorizationDetails";
        let (mut details, mut marker) = (Details::default(), None);
        loop {
            let call = self.connection.iam().get_account_authorization_details();
            let call = call.set_marker(marker.clone()).send();
            let page = match self.read(CALL, account, call).await? {
                Read::There(page) => page,
                Read::Nothing(error) | Read::Refused(error) => {
                    self.not_read(Unread::Account, account, &error);
                    return Ok(None);
                }
            };
            details.add(&page);
            marker = next_page(CALL, account, marker.as_ref(), page.is_truncated, page.marker)?;
            if marker.is_none() {
                return Ok(Some(details));
            }
        }
    }
}

impl Details {
    fn add(&mut self, page: &GetAccountAuthorizationDetailsOutput) {
        self.users.extend(page.user_detail_list().iter().map(iam_json::user_detail));
        self.groups.extend(page.group_detail_list().iter().map(iam_json::group_detail));
        self.roles.extend(page.role_detail_list().iter().map(iam_json::role_detail));
        self.policies.extend(page.policies().iter().map(iam_json::policy_detail));
    }
}
