// Writing a content tree item by item. Where an item stands in the tree follows the C++ scopes:
//
//     const auto site = tree.code(has_concept_mod, MEDTL_CONCEPT_FINDING_SITE, breast);
//     tree.code(has_concept_mod, MEDTL_CONCEPT_LATERALITY, left);
//
// The first item stays open as long as `site` lives, so the second becomes its child; that one is
// closed at once. Relationships are checked by DCMTK against the IOD as items are added; what it
// refuses is thrown as a failure.
#ifndef MEDTL_REPORT_CONTENT_H
#define MEDTL_REPORT_CONTENT_H

#include "codes.h"
#include "dicom/bridge_internal.h"

#include "medtl/report.h"

#include <dcmtk/dcmsr/dsrdoctr.h>

#include <set>
#include <string>

namespace medtl_dicom
{

constexpr DSRTypes::E_RelationshipType contains = DSRTypes::RT_contains;
constexpr DSRTypes::E_RelationshipType has_obs_context = DSRTypes::RT_hasObsContext;
constexpr DSRTypes::E_RelationshipType has_acq_context = DSRTypes::RT_hasAcqContext;
constexpr DSRTypes::E_RelationshipType has_concept_mod = DSRTypes::RT_hasConceptMod;
constexpr DSRTypes::E_RelationshipType selected_from = DSRTypes::RT_selectedFrom;

/// Corners in image pixels from the image's top-left corner (PS3.3 C.18.6.1.1): x is the column.
struct rectangle {
    float x0, y0, x1, y1;
};

/// A code where one is asked for: by its place in the table of concepts, or the task's own.
class code_of
{
  public:
    code_of(medtl_concept id) : code_(*medtl_concept_code(id)) {}
    code_of(const medtl_code &code) : code_(code) {} ///< borrowed
    const medtl_code *operator->() const { return &code_; }
    const medtl_code &operator*() const { return code_; }

  private:
    const medtl_code &code_;
};

class content
{
  public:
    /// An item that is open: what is added meanwhile becomes its child. Its end closes it.
    class item
    {
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
    item root(code_of title, const char *template_id);
    /// @param template_id  Of PS3.16, written as the item's Content Template Sequence; NULL: none.
    item container(relationship how, code_of name, const char *template_id = nullptr);
    item code(relationship how, code_of name, code_of value);
    /// An empty text is not written and gives no item: TEXT needs a value.
    void text(relationship how, code_of name, const std::string &value);
    item uid(relationship how, code_of name, const char *value);
    /// @param decimal  A decimal string of at most 16 characters.
    /// @param exact    Written beside it as Floating Point Value where the string is rounded.
    item number(relationship how, code_of name, const char *decimal, code_of unit,
                const double *exact = nullptr);
    /// @param frame  1-based frame number; 0: the whole image.
    item image(relationship how, code_of name, const medtl_facts &facts, uint32_t frame = 0);
    /// A closed polyline.
    item region(relationship how, code_of name, const rectangle &region);

    /// Write the content into a report's dataset.
    void write(DcmItem &dataset);

    /// Designators of private coding schemes ("99...") that were used.
    const std::set<std::string> &private_schemes() const { return private_schemes_; }

  private:
    void add(relationship how, DSRTypes::E_ValueType type, code_of name);
    DSRCodedEntryValue coded(code_of code);
    void close() noexcept { tree_.goUp(); }

    DSRDocumentTree tree_;
    std::set<std::string> private_schemes_;
};

/// A code as a sequence item's attributes, for the header: the same rules as inside the tree.
DSRCodedEntryValue coded_entry(code_of code);

} // namespace medtl_dicom

#endif
