//! The template that all pages of a site are rendered by.

use tera::Tera;

use crate::site::context::SitePage;
use crate::template::policy;
use crate::template::policy::tidy;
use crate::template::render::{RenderError, engine};

/// A site's template, read once for all of its pages.
#[derive(Debug)]
pub struct SiteTemplate {
    engine: Tera,
    policy: String,
}

impl SiteTemplate {
    /// The name of the template.
    pub const FILE_NAME: &'static str = "history.html";

    /// The template as it is embedded.
    pub const BUILT_IN: &'static str = include_str!("../../../../templates/history.html");

    /// Reads a template.
    ///
    /// # Errors
    /// If it is broken, or uses a filter that doesn't exist.
    pub fn new(template: &str) -> Result<Self, RenderError> {
        // Made once for all pages, since it follows from the template and not from what a page
        // says.
        let policy = policy::of(&[template]);
        Ok(Self { engine: engine(Self::FILE_NAME, &template.into())?, policy })
    }

    /// Renders a page. The template may also use `policy`, the Content-Security-Policy that allows
    /// its own styles and scripts and nothing else.
    ///
    /// # Errors
    /// If the template uses what the page doesn't have.
    pub fn render(&self, page: &SitePage) -> Result<String, RenderError> {
        let failed = |error: tera::Error| RenderError::Render {
            template: Self::FILE_NAME,
            report: error.to_string(),
        };
        let mut context = tera::Context::from_serialize(page).map_err(failed)?;
        context.insert("policy", &self.policy);
        let rendered = self.engine.render(Self::FILE_NAME, &context).map_err(failed)?;
        Ok(tidy(&rendered))
    }
}
