// Writing a content tree item by item. Where an item stands in the tree follows the C++ scopes:
//
//     auto site = tree.code(has_concept_mod, MEDTL_CONCEPT_FINDING_SITE, breast); // stays open while `site` lives
//     tree.code(has_concept_mod, MEDTL_CONCEPT_LATERALITY, left);                  // a child of it, closed at once
//
// Relationships are checked by DCMTK against the IOD as items are added; what it refuses is thrown as a failure.
#ifndef MEDTL_REPORT_CONTENT_H
#define MEDTL_REPORT_CONTENT_H

#include "codes.h"
#include "dicom/bridge_internal.h"

#include "medtl/report.h"

#include <dcmtk/dcmsr/dsrdoctr.h>

#include <set>
#include <string>

namespace medtl_dicom {

constexpr DSRTypes::E_RelationshipType contains = DSRTypes::RT_contains;
constexpr DSRTypes::E_RelationshipType has_obs_context = DSRTypes::RT_hasObsContext;
constexpr DSRTypes::E_RelationshipType has_acq_context = DSRTypes::RT_hasAcqContext;
constexpr DSRTypes::E_RelationshipType has_concept_mod = DSRTypes::RT_hasConceptMod;
constexpr DSRTypes::E_RelationshipType selected_from = DSRTypes::RT_selectedFrom;

/// Corners in image pixels from the image's top-left corner (PS3.3 C.18.6.1.1): x is the column.
struct rectangle {
    float x0, y0, x1, y1;
};

class content {
  public:
    /// An item that is open: what is added meanwhile becomes its child. Closes when it goes out of scope.
    class item {
      public:
        explicit item(content &tree) : tree_(tree) {}
        item(const item &) = delete;
        item &operator=(const item &) = delete;
        ~item() { tree_.close(); }

      private:
        content &tree_;
    };

    using relationship = DSRTypes::E_RelationshipType;

    content();

    /// The root; once, before anything else.
    item root(const medtl_code &title, const char *template_id);
    /// @param template_id  Of PS3.16, written as the item's Content Template Sequence; NULL: none.
    item container(relationship how, const medtl_code &name, const char *template_id = nullptr);
    item code(relationship how, const medtl_code &name, const medtl_code &value);
    /// An empty text is not written and gives no item: TEXT needs a value.
    void text(relationship how, const medtl_code &name, const char *value);
    item uid(relationship how, const medtl_code &name, const char *value);
    /// @param decimal  A decimal string of at most 16 characters.
    /// @param exact    Written beside it as Floating Point Value where the string is rounded; NULL: not rounded.
    item number(relationship how, const medtl_code &name, const char *decimal, const medtl_code &unit,
                const double *exact = nullptr);
    /// @param frame  1-based frame number; 0: the whole image.
    item image(relationship how, const medtl_code &name, const medtl_facts &facts, uint32_t frame = 0);
    /// A closed polyline.
    item region(relationship how, const medtl_code &name, const rectangle &region);

    /// Write the content into a report's dataset.
    void write(DcmItem &dataset);

    /// Designators of private coding schemes ("99...") that were used.
    const std::set<std::string> &private_schemes() const { return private_schemes_; }

  private:
    void add(relationship how, DSRTypes::E_ValueType type, const medtl_code &name);
    DSRCodedEntryValue coded(const medtl_code &code);
    void close() noexcept { tree_.goUp(); }

    DSRDocumentTree tree_;
    std::set<std::string> private_schemes_;
};

/// A code as a sequence item's attributes, for the header: the same rules as inside the tree.
DSRCodedEntryValue coded_entry(const medtl_code &code);

} // namespace medtl_dicom

#endif
