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

#include <map>
#include <set>
#include <string>
#include <vector>

namespace medtl_dicom
{

constexpr DSRTypes::E_RelationshipType contains = DSRTypes::RT_contains;
constexpr DSRTypes::E_RelationshipType has_obs_context = DSRTypes::RT_hasObsContext;
constexpr DSRTypes::E_RelationshipType has_acq_context = DSRTypes::RT_hasAcqContext;
constexpr DSRTypes::E_RelationshipType has_concept_mod = DSRTypes::RT_hasConceptMod;
constexpr DSRTypes::E_RelationshipType selected_from = DSRTypes::RT_selectedFrom;
constexpr DSRTypes::E_RelationshipType inferred_from = DSRTypes::RT_inferredFrom;
constexpr DSRTypes::E_RelationshipType has_properties = DSRTypes::RT_hasProperties;

/// Which object an item refers to.
struct reference {
    const char *sop_class_uid, *sop_instance_uid;
    uint32_t frame = 0;                                         ///< 1-based; 0: the whole object
    const char *state_class_uid = "", *state_instance_uid = ""; ///< to be shown so; "": as it is
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

    explicit content(DSRTypes::E_DocumentType type);

    /// The root; once, before anything else.
    item root(code_of title, const char *template_id);
    /// @param template_id  Of PS3.16, written as the item's Content Template Sequence; NULL: none.
    item container(relationship how, code_of name, const char *template_id = nullptr);
    item code(relationship how, code_of name, code_of value);
    /// An empty text is not written and gives no item: TEXT needs a value.
    void text(relationship how, code_of name, const std::string &value);
    /// A text that stays open. It must not be empty.
    item open_text(relationship how, code_of name, const std::string &value);
    item uid(relationship how, code_of name, const char *value);
    /// @param decimal  A decimal string of at most 16 characters.
    /// @param exact    Written beside it as Floating Point Value where the string is rounded.
    item number(relationship how, code_of name, const char *decimal, code_of unit,
                const double *exact = nullptr);
    item image(relationship how, code_of name, const reference &object);
    /// An image without a concept name, as TID 4020 has it. by_reference() may name it later.
    item library_image(relationship how, const reference &object);
    /// A relationship to the library_image() of this SOP Instance UID instead of an item of its own.
    void by_reference(relationship how, const char *sop_instance_uid);
    item point(relationship how, code_of name, const medtl_point &position);
    /// A closed polyline. @param outline  At least three corners; the first is not repeated.
    item polygon(relationship how, code_of name, const std::vector<medtl_point> &outline);
    /// @param value  Of VR DA or TM; an empty or impossible one is not written.
    void date(relationship how, code_of name, const std::string &value);
    void time(relationship how, code_of name, const std::string &value);

    /// Write the content into a report's dataset.
    void write(DcmItem &dataset);

    /// Designators of private coding schemes ("99...") that were used.
    const std::set<std::string> &private_schemes() const { return private_schemes_; }

    /// SOP Instance UIDs of all objects that were referred to.
    const std::set<std::string> &references() const { return references_; }

  private:
    size_t add(relationship how, DSRTypes::E_ValueType type);
    void add(relationship how, DSRTypes::E_ValueType type, code_of name);
    void set_image(const reference &object, code_of name);
    void set_graphic(const DSRSpatialCoordinatesValue &coordinates, code_of name);
    DSRCodedEntryValue coded(code_of code);
    void close() noexcept { tree_.goUp(); }

    DSRDocumentTree tree_;
    std::set<std::string> private_schemes_;
    std::set<std::string> references_;
    std::map<std::string, size_t> library_; ///< node of each library_image()
};

/// A code as a sequence item's attributes, for the header: the same rules as inside the tree.
DSRCodedEntryValue coded_entry(code_of code);

} // namespace medtl_dicom

#endif
